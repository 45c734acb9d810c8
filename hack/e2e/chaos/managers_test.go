package chaos

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestThreeManagers(t *testing.T) {
	r := rig.New(t, rig.Nodes(3), rig.Managers(3))
	one, two := start(t, r, 1), start(t, r, 2)
	createNetwork(t, r, "front")
	createService(t, r, "demo", 2, "front", "--constraint", "node.hostname!="+r.Node(0).Name)
	r.WaitTasks(t, "demo", 2)
	one.apply(t, plain("demo", "demo.local", "demo", ""), "--wait", "--timeout=60s")
	for _, o := range []*operator{one, two} {
		until200(t, o.web("http", "demo.local"))
	}

	t.Run("two operators at rest write no status", func(t *testing.T) {
		versions := func() string {
			ids := lines(t, r.Node(0), "config", "ls", "--quiet", "--filter", "label=fairlead.dev/kind")
			return r.Node(0).Docker(t, append([]string{"config", "inspect", "--format", "{{.ID}} {{.Version.Index}}"}, ids...)...)
		}
		rig.Eventually(t, 60*time.Second, "it is at rest for five seconds", func() error {
			before := versions()
			time.Sleep(5 * time.Second)
			if after := versions(); after != before {
				return fmt.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
			return nil
		})
	})

	t.Run("Programmed waits for both", func(t *testing.T) {
		hold(t, two)
		one.apply(t, plain("second", "second.local", "demo", ""))
		rig.Eventually(t, 20*time.Second, "one data plane is missing", func() error {
			if c := one.condition(t, "second", "Programmed"); c.Status != "False" || c.Reason != "ProxiesOutOfSync" {
				return fmt.Errorf("%+v", c)
			}
			return nil
		})
		let(t, two)
		one.must(t, "", "wait", "route/second", "--for=Ready", "--timeout=30s")
	})

	t.Run("the leading manager is lost and the operators go on", func(t *testing.T) {
		gets := startLoad(t, one.web("http", "demo.local"), 20, http.MethodGet, "/ping")
		r.Node(0).StopDocker(t, syscall.SIGKILL)
		began := time.Now()
		rig.Eventually(t, 60*time.Second, "a Route can be applied", func() error {
			out, code := one.cli(t, plain("third", "third.local", "demo", ""), "apply", "-f", "-")
			if code != 0 {
				return fmt.Errorf("%s", out)
			}
			return nil
		})
		t.Logf("applied %v after the loss, served by the other operator %v later", time.Since(began), until200(t, two.web("http", "third.local")))
		one.must(t, "", "wait", "route/third", "--for=Ready", "--timeout=60s")
		gets.mustNotHaveFailed(t, "20 GET/s")
	})

	t.Run("an operator that is stopped hands over at once", func(t *testing.T) {
		leader, other := one, two
		if strings.Contains(two.log.String(), "held=true") {
			leader, other = two, one
		}
		leader.stop(t, syscall.SIGTERM)
		began := time.Now()
		other.apply(t, plain("fourth", "fourth.local", "demo", ""), "--wait", "--timeout=60s")
		t.Logf("Ready %v after the other was stopped", time.Since(began))
	})
}

// hold stops the operator's process in its tracks, let lets it go on.
func hold(t *testing.T, o *operator) {
	t.Helper()
	if err := o.command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { let(t, o) })
}

func let(t *testing.T, o *operator) {
	t.Helper()
	if err := o.command.Process.Signal(syscall.SIGCONT); err != nil && !o.isEnded() {
		t.Error(err)
	}
}
