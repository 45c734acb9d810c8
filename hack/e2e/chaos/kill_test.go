package chaos

import (
	"net/http"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestKilledTasksFailNoGetWithoutARetryBlock(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	createNetwork(t, r, "front")
	createService(t, r, "demo", 3, "front", "--restart-delay", "100ms")
	r.WaitTasks(t, "demo", 3)
	o.apply(t, plain("demo", "demo.local", "demo", ""), "--wait", "--timeout=30s")
	gets := startLoad(t, o.web("http", "demo.local"), 150, http.MethodGet, "/ping")
	slow := startLoad(t, o.web("http", "demo.local"), 20, http.MethodGet, "/slow?d=200ms")
	for range 5 {
		r.WaitTasks(t, "demo", 3)[0].Kill(t)
		time.Sleep(300 * time.Millisecond)
	}
	slow.mustNotHaveFailed(t, "20 slow GET/s")
	gets.mustNotHaveFailed(t, "150 GET/s")
}
