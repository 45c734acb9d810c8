package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestThreeNodes(t *testing.T) {
	r := rig.New(t, rig.Nodes(3))
	o := start(t, r, 0)
	demoService(t, r, "demo", 2, "demo", "--constraint", "node.role==worker", "--replicas-max-per-node", "1")
	o.apply(t, plain("demo", "demo.local", "demo"), "--wait", "--timeout=60s")
	c := o.web("http", "demo.local")

	t.Run("one operator reaches the tasks on the other nodes", func(t *testing.T) {
		instances := map[string]bool{}
		for range 20 {
			p, _ := c.ping(t)
			instances[p.Instance] = true
		}
		if len(instances) != 2 {
			t.Errorf("answers of %d tasks, want 2", len(instances))
		}
	})

	t.Run("a node that is cut off leaves by ejection, then by its state", func(t *testing.T) {
		r.Node(2).CutLink(t)
		cut := time.Now()
		gone := time.Duration(0)
		slowest, failed := time.Duration(0), 0
		for range 100 { // a request that is under way on the lost node may fail, the next may not
			began := time.Now()
			c.CloseIdleConnections()
			if err := c.ok("/ping"); err != nil {
				failed++
			} else if gone == 0 && failed > 0 {
				gone = time.Since(cut)
			}
			slowest = max(slowest, time.Since(began))
			time.Sleep(20 * time.Millisecond)
		}
		t.Logf("after the cut %d of 100 requests failed, the slowest took %v", failed, slowest)
		report, err := o.admin("/api/v1/report")
		if err != nil || !strings.Contains(report, "ejected") {
			t.Errorf("no Endpoint is ejected: %v %s", err, report)
		}
		if failed > 2 {
			t.Errorf("%d requests failed although another node serves", failed)
		}
		rig.Eventually(t, 90*time.Second, "the lost task leaves the Snapshot", func() error {
			if n := len(o.endpoints("demo:8080")); n != 1 {
				return fmt.Errorf("%d endpoints", n)
			}
			return nil
		})
		t.Logf("swarm noticed %v after the cut", time.Since(cut))
	})

	t.Run("a node that is back is used again", func(t *testing.T) {
		r.Node(2).HealLink(t)
		r.WaitReady(t)
		rig.Eventually(t, 90*time.Second, "two Endpoints again", func() error {
			if n := len(o.endpoints("demo:8080")); n != 2 {
				return fmt.Errorf("%d endpoints", n)
			}
			return nil
		})
		bothAnswer := func() error {
			instances := map[string]bool{}
			for range 20 {
				p, _ := c.ping(t)
				instances[p.Instance] = true
			}
			if len(instances) != 2 {
				return fmt.Errorf("answers of %d tasks", len(instances))
			}
			return nil
		}
		err := rig.Within(45*time.Second, bothAnswer)
		if err != nil && r.Node(0).Logged("peerDbDelete transient condition") {
			// A new task has the address of one that was lost with the node, and the
			// engine has now forgotten the new one with the old: nothing on this node
			// reaches it, whoever asks.
			t.Log("the engine has lost the way to a task; tasks are made anew")
			r.Node(0).Docker(t, "service", "update", "--force", "--detach=false", "--quiet", "demo")
			err = rig.Within(60*time.Second, bothAnswer)
		}
		if err != nil {
			t.Fatal("waiting for: both answer: ", err)
		}
	})
}

func TestInstalledAsAServiceItServesOnEveryManager(t *testing.T) {
	r := rig.New(t, rig.Nodes(3), rig.Managers(2))
	binary := rig.Build(t, "./controller")
	image := r.Image(t, "fairlead", binary, "/fairlead")
	o := &operator{rig: r, node: r.Node(0), binary: binary, log: &logBuffer{}}
	demoService(t, r, "demo", 2, "demo")
	createSecrets(t, r.Node(0), "demo.local.cert", "demo.local.key", newPair(t, "demo.local", "demo.local"))
	t.Log(o.must(t, "", "install", "--image", image, "--timeout", "60s", "--", "--http=:8080", "--https=:8443"))
	o.apply(t, terminate("demo", "demo.local", "demo.local.cert", "demo.local.key"), "--wait", "--timeout=60s")
	for i := range 2 {
		on := &operator{rig: r, node: r.Node(i), log: o.log}
		until200(t, on.web("https", "demo.local"), "/ping")
	}
	t.Log(o.must(t, "", "get", "routes"))
	theSameOnAnyPlane(t, r, o)
	tune(t, r, o)
	if planes := strings.Fields(r.Node(0).Docker(t, "config", "ls", "--quiet", "--filter", "label=fairlead.dev/plane")); len(planes) != 2 {
		t.Errorf("%d data planes report, want 2", len(planes))
	}
	t.Log(o.must(t, "", "uninstall"))
	rig.Eventually(t, 60*time.Second, "only the application is left", func() error {
		if out := strings.Fields(r.Node(0).Docker(t, "service", "ls", "--format", "{{.Name}}")); len(out) != 1 || out[0] != "demo" {
			return fmt.Errorf("services: %v", out)
		}
		return nil
	})
	rig.Eventually(t, 60*time.Second, "the data planes take their reports away", func() error {
		if planes := r.Node(0).Docker(t, "config", "ls", "--quiet", "--filter", "label=fairlead.dev/plane"); strings.TrimSpace(planes) != "" {
			return errNotYet
		}
		return nil
	})
	if out := o.must(t, "", "get", "routes", "-o", "name"); !strings.Contains(out, "demo") {
		t.Errorf("uninstall removed the Route: %q", out)
	}
}

// theSameOnAnyPlane checks that a session that one data plane began goes on at
// another.
func theSameOnAnyPlane(t *testing.T, r *rig.Rig, o *operator) {
	t.Helper()
	o.apply(t, strings.NewReplacer("name: demo", "name: kept", "demo.local", "kept.local").Replace(keepsSessions), "--wait", "--timeout=60s")
	begin := func(i int) (*client, ping) {
		on := &operator{rig: r, node: r.Node(i), log: o.log}
		rig.Eventually(t, 60*time.Second, "the network is reached", func() error { return on.web("http", "kept.local").ok("/ping") })
		givesSessions(t, on, "kept.local")
		b := browser(t, on, "kept.local")
		first, _ := b.ping(t)
		return b, first
	}
	b, want := begin(0)
	elsewhere, _ := begin(1)
	elsewhere.Jar = b.Jar
	for i := range 200 {
		if got, _ := elsewhere.ping(t); got.Instance != want.Instance {
			t.Fatalf("request %d to the other data plane was answered by %s, not by %s", i, got.Instance, want.Instance)
		}
	}
}

// tune changes the service as the documents of Interlock tell for its proxies,
// and checks that the data planes serve on.
func tune(t *testing.T, r *rig.Rig, o *operator) {
	t.Helper()
	n := r.Node(0)
	n.Docker(t, "service", "update", "--detach=false", "--quiet", "--stop-signal=SIGTERM", "--stop-grace-period=10s", "fairlead")
	n.Docker(t, "service", "update", "--detach=false", "--quiet", "--update-failure-action=rollback", "--update-delay=30s", "fairlead")
	const spec = "{{.Spec.TaskTemplate.ContainerSpec.StopSignal}} {{.Spec.TaskTemplate.ContainerSpec.StopGracePeriod}} {{.Spec.UpdateConfig.FailureAction}} {{.Spec.UpdateConfig.Delay}}"
	if got := strings.TrimSpace(n.Docker(t, "service", "inspect", "--format", spec, "fairlead")); got != "SIGTERM 10s rollback 30s" {
		t.Errorf("the service's settings are %q", got)
	}
	for i := range 2 {
		on := &operator{rig: r, node: r.Node(i), log: o.log}
		until200(t, on.web("https", "demo.local"), "/ping")
	}
}
