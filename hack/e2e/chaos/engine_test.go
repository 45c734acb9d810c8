package chaos

import (
	"net/http"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestAKilledEngineTakesNothingButItsContainersAlong(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	createNetwork(t, r, "front")
	createService(t, r, "demo", 2, "front")
	createPair(t, r.Node(0), "demo", "demo", "demo.local")
	r.WaitTasks(t, "demo", 2)
	o.apply(t, terminate("demo", "demo.local", "demo", "demo"), "--wait", "--timeout=30s")
	gets := startLoad(t, o.web("https", "demo.local"), 20, http.MethodGet, "/ping")
	pid := o.command.Process.Pid

	r.Node(0).StopDocker(t, syscall.SIGKILL)
	time.Sleep(2 * time.Second) // the containers run on without their engine
	gets.mustNotHaveFailed(t, "20 GET/s while the engine is dead")
	r.Node(0).StartDocker(t)
	began := time.Now()
	r.WaitReady(t)
	r.WaitTasks(t, "demo", 2)
	ran := time.Now()
	until200(t, o.web("https", "demo.local"))
	t.Logf("the engine is ready, with tasks, after %v; served %v later", ran.Sub(began), time.Since(ran))
	rig.Eventually(t, 60*time.Second, "the Route is Ready, and stays so", func() error {
		_, code := o.cli(t, "", "wait", "route/demo", "--for=Ready", "--timeout=20s")
		if code != 0 {
			return errNotYet
		}
		return nil
	})
	if o.isEnded() || o.command.Process.Pid != pid {
		t.Error("the operator did not survive")
	}
	sockets, _ := filepath.Glob(filepath.Join(o.state, "*.sock"))
	if n := len(tenders(t, r)); n != 2 || len(sockets) != 2 {
		t.Errorf("%d tenders with sockets %v, want 2 of each", n, sockets)
	}
	createPair(t, r.Node(0), "late", "late", "demo.local")
	o.apply(t, terminate("demo", "demo.local", "demo", "late"))
	rig.Eventually(t, 30*time.Second, "a new certificate is served", func() error {
		name, err := o.web("https", "demo.local").commonName()
		if err == nil && name != "late" {
			err = errNotYet
		}
		return err
	})
}
