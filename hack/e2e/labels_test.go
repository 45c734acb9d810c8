package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/hack/rig"
)

func TestAnEditOfLabelsIsServedWithinASecond(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 2, "demo", "--label", "com.docker.lb.hosts=first.local", "--label", "com.docker.lb.port=8080")
	first := o.web("http", "first.local")
	until200(t, first, "/ping")
	l := startLoad(t, first, 50, get(first, "/ping"))
	// The command waits for the update to settle, so the clock runs beside it.
	done := make(chan error, 1)
	began := time.Now()
	go func() {
		_, err := r.Node(0).Try(t.Context(), "service", "update", "--detach", "--quiet", "--label-add", "com.docker.lb.hosts=first.local,second.local", "demo")
		done <- err
	}()
	second := o.web("http", "second.local")
	rig.Eventually(t, 20*time.Second, "the new host is served", func() error { return second.ok("/ping") })
	took := time.Since(began)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	t.Logf("served %v after the command began (target: 1 s)", took)
	if took > 2*time.Second {
		t.Errorf("an edit of labels was served after %v", took)
	}
	l.mustNotHaveFailed(t, "while labels were edited")

	r.Node(0).Docker(t, "service", "update", "--detach", "--quiet", "--label-rm", "com.docker.lb.hosts", "--label-rm", "com.docker.lb.port", "demo")
	rig.Eventually(t, 20*time.Second, "the Route goes with the labels", func() error {
		if out := o.must(t, "", "get", "routes", "-o", "name"); strings.Contains(out, "lb-demo") {
			return fmt.Errorf("there are %s", out)
		}
		return nil
	})
}

func TestTwoHundredLabelledServicesAreServedSoon(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "calm", 2, "calm")
	o.apply(t, plain("calm", "calm.local", "calm"))
	calm := o.web("http", "calm.local")
	until200(t, calm, "/ping")
	l := startLoad(t, calm, 50, get(calm, "/ping"))

	var compose strings.Builder
	compose.WriteString("version: \"3.2\"\nservices:\n")
	const services = 200
	for i := range services {
		fmt.Fprintf(&compose, `  s%03d:
    image: fairlead/demo
    deploy: {replicas: 0, labels: {com.docker.lb.hosts: "s%03d.local", com.docker.lb.port: 8080}}
    networks: [many]
`, i, i)
	}
	compose.WriteString("networks: {many: {driver: overlay}}\n")
	deployText(t, r, "many", compose.String(), nil)
	began := time.Now()
	served := func() error {
		for _, i := range []int{services - 1, 0, services / 2} {
			resp, _, err := o.web("http", fmt.Sprintf("s%03d.local", i)).get("/")
			if err == nil && resp.StatusCode != http.StatusServiceUnavailable { // it has no task; unknown hosts get 404
				err = fmt.Errorf("host %d: %s", i, resp.Status)
			}
			if err != nil {
				return err
			}
		}
		return hasRoutes(o, services+1)
	}
	rig.Eventually(t, 30*time.Second, "all hosts are served", served)
	took := time.Since(began)
	t.Logf("%d services are served %v after they were made (target: 5 s)", services, took)
	if took > 10*time.Second {
		t.Errorf("%d services were served after %v", services, took)
	}
	l.mustNotHaveFailed(t, "while 200 services came")
}

// hasRoutes says why not n Routes are served.
func hasRoutes(o *operator, n int) error {
	body, err := o.admin("/api/v1/snapshot")
	if err != nil {
		return err
	}
	var s snapshot.Snapshot
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		return err
	}
	if len(s.Routes) != n {
		return fmt.Errorf("%d Routes are served", len(s.Routes))
	}
	return nil
}

func TestBadLabelsAreToldAndTheOthersServed(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "good", 1, "front", "--label", "com.docker.lb.hosts=good.local", "--label", "com.docker.lb.port=8080")
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	bad := map[string][]string{
		"port":    {"com.docker.lb.hosts=port.local", "com.docker.lb.port=abc"},
		"secret":  {"com.docker.lb.hosts=secret.local", "com.docker.lb.port=8080", "com.docker.lb.ssl_cert=none.cert", "com.docker.lb.ssl_key=none.key"},
		"unknown": {"com.docker.lb.hosts=unknown.local", "com.docker.lb.port=8080", "com.docker.lb.contextroot=/x"},
		"taken":   {"com.docker.lb.hosts=mine.local", "com.docker.lb.port=8080"},
	}
	o.apply(t, plain("mine", "mine.local", "good"))
	for name, labels := range bad {
		create := []string{"service", "create", "--detach", "--name", name, "--network", "front", "--endpoint-mode", "dnsrr"}
		for _, label := range labels {
			create = append(create, "--label", label)
		}
		r.Node(0).Docker(t, append(create, image)...)
	}
	until(t, o, "lb-good", "Ready")
	for name, want := range map[string]string{
		"port":    `Accepted.*com.docker.lb.port.*"abc"`,
		"secret":  `ResolvedRefs.*SecretNotFound.*none.cert`,
		"unknown": `PartiallyInvalid.*com.docker.lb.contextroot.*com.docker.lb.context_root`,
		"taken":   `Accepted.*HostConflict.*Route mine, which was applied`,
	} {
		rig.Eventually(t, 30*time.Second, name+" is told", func() error {
			out, _ := o.cli(t, "", "describe", "route", "lb-"+name)
			if !regexp.MustCompile(want).MatchString(out) {
				return fmt.Errorf("%s is not in\n%s", want, out)
			}
			return nil
		})
	}
	for _, host := range []string{"good.local", "mine.local", "unknown.local"} {
		until200(t, o.web("http", host), "/ping")
	}
}
