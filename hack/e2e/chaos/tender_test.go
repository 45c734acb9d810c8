package chaos

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestATenderThatCannotStartSaysWhyAndIsReplacedByOneThatCan(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	createNetwork(t, r, "front")
	createService(t, r, "demo", 1, "front")
	createPair(t, r.Node(0), "demo", "demo", "demo.local")
	r.WaitTasks(t, "demo", 1)
	o := start(t, r, 0, "--image", "no-such-image:1")
	o.apply(t, terminate("demo", "demo.local", "demo", "demo"))
	rig.Eventually(t, 60*time.Second, "the Route says why it is not Ready", func() error {
		if c := o.condition(t, "demo", "Ready"); !strings.Contains(c.Message, "o such image") {
			return fmt.Errorf("%+v", c)
		}
		return nil
	})
	t.Log(o.condition(t, "demo", "Ready").Message)
	o.stop(t, syscall.SIGTERM)

	o = start(t, r, 0) // with another --state-dir, too
	t.Logf("served %v after a start with the right image", until200(t, o.web("https", "demo.local")))
	o.must(t, "", "wait", "route/demo", "--for=Ready", "--timeout=30s")
	o.stop(t, syscall.SIGTERM)

	o = start(t, r, 0) // with yet another
	t.Logf("served %v after a start with another --state-dir", until200(t, o.web("https", "demo.local")))
	rig.Eventually(t, 30*time.Second, "no tender of before is left", func() error {
		if n := len(tenders(t, r)); n != 2 {
			return fmt.Errorf("%d tenders", n)
		}
		return nil
	})
}
