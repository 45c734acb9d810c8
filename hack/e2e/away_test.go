package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestTrafficIsUnharmedWhileTheDockerAPIIsAwayAndChangesArePickedUpAfter(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	api := r.Node(0).APIProxy(t)
	o := start(t, r, 0, "--host", api.Host())
	demoService(t, r, "demo", 2, "demo")
	o.apply(t, plain("demo", "demo.local", "demo"))
	c := o.web("http", "demo.local")
	until200(t, c, "/ping")
	gets := startLoad(t, c, 50, get(c, "/ping"))
	api.TakeAway()
	time.Sleep(30 * time.Second)
	ready, err := o.admin("/readyz")
	if err != nil || !strings.Contains(ready, "stale") {
		t.Errorf("/readyz says %q, %v", ready, err)
	}
	o.apply(t, plain("late", "late.local", "demo"))
	time.Sleep(30 * time.Second)
	api.Restore(t)
	t.Logf("a Route that was applied meanwhile is served %v after the API came back", until200(t, o.web("http", "late.local"), "/ping"))
	gets.mustNotHaveFailed(t, "50 GET/s over 60 s without the API")
}

func TestARestartedOperatorServesAgainEvenWithoutTheDockerAPI(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	api := r.Node(0).APIProxy(t)
	o := start(t, r, 0, "--host", api.Host())
	createSecrets(t, r.Node(0), "demo.local.cert", "demo.local.key", newPair(t, "demo.local", "demo.local"))
	demoService(t, r, "demo", 1, "demo")
	o.apply(t, terminate("demo", "demo.local", "demo.local.cert", "demo.local.key"), "--wait", "--timeout=30s")

	o.stop(t, syscall.SIGTERM)
	began := time.Now()
	o.run(t)
	until200(t, o.web("https", "demo.local"), "/ping")
	t.Logf("served %v after a restart (target: 3 s)", time.Since(began))

	time.Sleep(2 * time.Second) // the last good snapshot is kept once a second
	api.TakeAway()
	o.stop(t, syscall.SIGKILL)
	began = time.Now()
	o.run(t)
	until200(t, o.web("https", "demo.local"), "/ping")
	t.Logf("served %v after a crash, without the API", time.Since(began))
	api.Restore(t)
	rig.Eventually(t, 20*time.Second, "the operator operates again", func() error {
		ready, err := o.admin("/readyz")
		if err == nil && strings.Contains(ready, "stale") || !strings.Contains(o.log.tail(100), "operating") {
			err = errNotYet
		}
		return err
	})
}

func TestATenderThatDiesIsNoticedAndReplaced(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 1, "demo")
	o.apply(t, plain("demo", "demo.local", "demo"), "--wait", "--timeout=30s")
	stream := holdStream(t, o.web("http", "demo.local"))
	stream.check(t, "nothing")
	name := strings.TrimSpace(r.Node(0).Docker(t, "service", "ls", "--quiet", "--filter", "label=fairlead.dev/tender"))
	tender := r.WaitTasks(t, name, 1)[0]
	killed := time.Now()
	tender.Kill(t)
	rig.Eventually(t, 10*time.Second, "the connection through the tender is dropped", func() error {
		if stream.err.Load() == nil {
			return errNotYet
		}
		return nil
	})
	t.Logf("noticed after %v (target: 1 s)", time.Since(killed))
	t.Logf("served again %v later", until200(t, o.web("http", "demo.local"), "/ping"))
}

func TestAtRestTheDockerAPIIsAskedAtMost90TimesAMinute(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 1, "demo")
	o.apply(t, plain("demo", "demo.local", "demo"), "--wait", "--timeout=30s")
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	for i := range 99 {
		r.Node(0).Docker(t, "service", "create", "--detach", "--quiet", "--name", fmt.Sprint("idle-", i), "--replicas", "0", "--network", "demo", "--endpoint-mode", "dnsrr", image)
	}
	time.Sleep(20 * time.Second) // what an event stirs up lies down
	before := apiCalls(t, o)
	time.Sleep(time.Minute)
	calls := apiCalls(t, o) - before
	t.Logf("%d calls in a minute with 100 services", calls)
	if calls > 90 {
		t.Errorf("%d calls in a minute, want at most 90", calls)
	}
}

// apiCalls is the count of all calls to the Docker API.
func apiCalls(t *testing.T, o *operator) int {
	t.Helper()
	metrics, err := o.admin("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for _, line := range strings.Split(metrics, "\n") {
		if name, value, ok := strings.Cut(line, "} "); ok && strings.HasPrefix(name, "fairlead_docker_api_calls_total{") {
			var n float64
			if _, err := fmt.Sscan(value, &n); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			total += int(n)
		}
	}
	return total
}
