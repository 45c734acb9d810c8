package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// reEncrypted is a Route to the demo application over TLS, verified by a secret.
func reEncrypted(ca string) string {
	return fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: demo}
spec:
  hosts: [demo.local]
  infoHeaders: true
  tls:
    mode: Terminate
    redirect: false
    secretRefs: [{cert: demo.local.cert, key: demo.local.key}]
  backend:
    service: demo
    port: 8080
    protocol: https
    tls: {hostname: demo.internal, caSecretRefs: [%s]}
`, ca)
}

func TestTLSIsSpokenToTheTasksToo(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	createSecrets(t, r.Node(0), "demo.local.cert", "demo.local.key", newPair(t, "demo.local", "demo.local"))
	inside := newPair(t, "inside", "demo.internal")
	createSecrets(t, r.Node(0), "app.cert", "app.key", inside)
	demoService(t, r, "demo", 1, "demo",
		"--secret", "source=app.cert,target=/run/secrets/cert.pem", "--secret", "source=app.key,target=/run/secrets/key.pem",
		"--", "--tls-cert=/run/secrets/cert.pem", "--tls-key=/run/secrets/key.pem")

	o.apply(t, reEncrypted("app-ca"))
	o.answers(t, http.StatusInternalServerError)
	if out, _ := o.cli(t, "", "describe", "route", "demo"); !strings.Contains(out, `secret "app-ca" does not exist`) {
		t.Errorf("describe:\n%s", out)
	}
	r.Node(0).DockerInput(t, inside.cert, "secret", "create", "app-ca", "-")
	c := o.web("https", "demo.local")
	t.Logf("first 200 %v after the authority came", until200(t, c, "/ping"))
	p, resp := c.ping(t)
	checkInfo(t, p, resp)
	p, resp = o.web("http", "demo.local").ping(t)
	checkInfo(t, p, resp)

	// Another authority, whose secret comes while requests do.
	r.Node(0).DockerInput(t, newPair(t, "stranger", "demo.internal").cert, "secret", "create", "stranger", "-")
	o.apply(t, reEncrypted("stranger"))
	o.answers(t, http.StatusBadGateway)
	rig.Eventually(t, 10*time.Second, "the log tells why", func() error {
		if log := o.log.tail(200); !strings.Contains(log, "no TLS with an endpoint") || !strings.Contains(log, "unknown authority") {
			return errNotYet
		}
		return nil
	})
	r.Node(0).DockerInput(t, "no certificate", "secret", "create", "garbage", "-")
	o.apply(t, reEncrypted("garbage"))
	rig.Eventually(t, 30*time.Second, "the Route says so", func() error {
		if out, _ := o.cli(t, "", "describe", "route", "demo"); !strings.Contains(out, "InvalidCertificateRef") {
			return errNotYet
		}
		return nil
	})
	o.answers(t, http.StatusBadGateway)
	o.apply(t, reEncrypted("app-ca"), "--wait", "--timeout=30s")
	until200(t, c, "/ping")
}

// answers waits until demo.local is answered with a status.
func (o *operator) answers(t *testing.T, status int) {
	t.Helper()
	c := o.web("https", "demo.local")
	rig.Eventually(t, 30*time.Second, fmt.Sprintf("the answer is %d", status), func() error {
		defer c.CloseIdleConnections()
		resp, body, err := c.get("/ping")
		if err == nil && resp.StatusCode != status {
			err = fmt.Errorf("%s: %s", resp.Status, body)
		}
		return err
	})
}

// checkInfo compares the information headers with what the application says.
func checkInfo(t *testing.T, p ping, resp *http.Response) {
	t.Helper()
	h := resp.Header
	if id := h.Get("X-Request-Id"); len(id) != 32 || id != p.RequestID {
		t.Errorf("x-request-id %q, the application got %q", id, p.RequestID)
	}
	for name, want := range map[string]string{
		"X-Proxy-Id": `^\S+$`, "X-Server-Info": `^fairlead/\S+ \(\w+\) linux/\w+$`,
		"X-Upstream-Addr": `^10\.[0-9.]+:8080$`, "X-Upstream-Response-Time": `^[0-9]+\.[0-9]{3}$`,
	} {
		if got := h.Get(name); !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("%s: %q", name, got)
		}
	}
}
