package chaos

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestAServiceThatMovesToAnotherNetworkKeepsServing(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	createNetwork(t, r, "front")
	createNetwork(t, r, "back")
	createService(t, r, "demo", 2, "front")
	r.WaitTasks(t, "demo", 2)
	o.apply(t, plain("demo", "demo.local", "demo", ""), "--wait", "--timeout=30s")
	posts := startLoad(t, o.web("http", "demo.local"), 50, http.MethodPost, "/echo")
	r.Node(0).Docker(t, "service", "update", "--detach", "--quiet", "--network-add", "back", "--network-rm", "front", "demo")
	updated(t, r, "demo")
	rig.Eventually(t, 20*time.Second, "only the other network is used", func() error {
		if n := lines(t, r.Node(0), "service", "ls", "--quiet", "--filter", "label=fairlead.dev/tender"); len(n) != 1 {
			return fmt.Errorf("%d tenders", len(n))
		}
		return nil
	})
	time.Sleep(3 * time.Second) // the last stopped container ends now
	posts.mustNotHaveFailed(t, "50 POST/s")
}

// updated waits until the service's update has completed.
func updated(t *testing.T, r *rig.Rig, service string) {
	t.Helper()
	rig.Eventually(t, 90*time.Second, service+" is updated", func() error {
		state, err := r.Node(0).Try(t.Context(), "service", "inspect", "--format", "{{.UpdateStatus.State}}", service)
		if err == nil && state != "completed" {
			err = fmt.Errorf("update status %q", state)
		}
		return err
	})
}

func TestNamesThatComeBackAreServedAndNeighboursNotice(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	n := r.Node(0)
	createNetwork(t, r, "front")
	createNetwork(t, r, "back")
	createService(t, r, "neighbour", 1, "front")
	createService(t, r, "demo", 1, "back")
	r.WaitTasks(t, "neighbour", 1)
	r.WaitTasks(t, "demo", 1)
	o.apply(t, plain("neighbour", "neighbour.local", "neighbour", ""), "--wait", "--timeout=30s")
	o.apply(t, plain("demo", "demo.local", "demo", ", network: back"), "--wait", "--timeout=30s")
	gets := startLoad(t, o.web("http", "neighbour.local"), 50, http.MethodGet, "/ping")

	n.Docker(t, "service", "rm", "demo")
	createService(t, r, "demo", 1, "back")
	t.Logf("a service under the name of one just removed is served after %v", until200(t, o.web("http", "demo.local")))

	n.Docker(t, "service", "rm", "demo")
	rig.Eventually(t, 30*time.Second, "the network can be removed", func() error {
		_, err := n.Try(t.Context(), "network", "rm", "back")
		return err
	})
	rig.Eventually(t, 30*time.Second, "the node has let go of the network's name", func() error {
		_, err := n.Try(t.Context(), "network", "create", "--driver", "overlay", "back")
		return err
	})
	createService(t, r, "demo", 1, "back")
	t.Logf("a network under the name of one just removed is served after %v", until200(t, o.web("http", "demo.local")))
	gets.mustNotHaveFailed(t, "the neighbour")
}
