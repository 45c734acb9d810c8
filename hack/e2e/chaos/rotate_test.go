package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestSecretsThatChangeAgainAndAgainFailNoRequestAndCanBeRemoved(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	createNetwork(t, r, "front")
	createService(t, r, "demo", 1, "front")
	createPair(t, r.Node(0), "other", "other", "other.local")
	createPair(t, r.Node(0), version(0), version(0), "demo.local")
	r.WaitTasks(t, "demo", 1)
	o.apply(t, terminate("other", "other.local", "demo", "other"), "--wait", "--timeout=30s")
	o.apply(t, terminate("demo", "demo.local", "demo", version(0)), "--wait", "--timeout=30s")
	c := o.web("https", "demo.local")
	c.Transport.(*http.Transport).DisableKeepAlives = true // every request shakes hands
	gets := startLoad(t, c, 30, http.MethodGet, "/echo")
	other := startLoad(t, o.web("https", "other.local"), 30, http.MethodGet, "/ping")

	const rotations = 20
	var slowest, slowestRemoval time.Duration
	for i := 1; i <= rotations; i++ {
		createPair(t, r.Node(0), version(i), version(i), "demo.local")
		began := time.Now()
		o.apply(t, terminate("demo", "demo.local", "demo", version(i)))
		if i%2 == 0 { // every other time the next comes before this one is served
			continue
		}
		rig.Eventually(t, 30*time.Second, version(i)+" is served", func() error {
			name, err := o.web("https", "demo.local").commonName()
			if err == nil && name != version(i) {
				err = fmt.Errorf("%s is", name)
			}
			return err
		})
		slowest = max(slowest, time.Since(began))
		began = time.Now()
		before := version(i - 1)
		rig.Eventually(t, 30*time.Second, before+" can be removed", func() error {
			_, err := r.Node(0).Try(t.Context(), "secret", "rm", before+".cert", before+".key")
			return err
		})
		slowestRemoval = max(slowestRemoval, time.Since(began))
	}
	t.Logf("the slowest of %d was served after %v, and its predecessor removed %v later", rotations, slowest, slowestRemoval)
	rig.Eventually(t, 30*time.Second, "tenders do not pile up", func() error {
		if n := tenders(t, r); len(n) > 4 {
			return fmt.Errorf("%d tenders", len(n))
		}
		return nil
	})
	rig.Eventually(t, 30*time.Second, "every secret that no Route names can be removed", func() error {
		left := lines(t, r.Node(0), "secret", "ls", "--format", "{{.Name}}", "--filter", "name=v")
		left = slices.DeleteFunc(left, func(name string) bool { return strings.HasPrefix(name, version(rotations)+".") })
		if len(left) == 0 {
			return nil
		}
		_, err := r.Node(0).Try(t.Context(), append([]string{"secret", "rm"}, left...)...)
		return err
	})
	t.Logf("%d tenders are left", len(tenders(t, r)))
	gets.mustNotHaveFailed(t, "30 handshakes/s")
	other.mustNotHaveFailed(t, "30 GET/s to the other Route")
}

func version(i int) string { return fmt.Sprint("v", i) }
