package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// updated waits until the service's update has completed.
func updated(t *testing.T, r *rig.Rig, service string) {
	t.Helper()
	rig.Eventually(t, 2*time.Minute, service+" is updated", func() error {
		state, err := r.Node(0).Try(t.Context(), "service", "inspect", "--format", "{{.UpdateStatus.State}}", service)
		if err == nil && strings.TrimSpace(state) != "completed" {
			err = fmt.Errorf("update status %q", state)
		}
		return err
	})
}

func TestNoRequestFailsInARollingUpdateOrWhileScaling(t *testing.T) {
	for _, order := range []string{"stop-first", "start-first"} {
		t.Run(order, func(t *testing.T) {
			r := rig.Shared(t)
			r.Reset(t)
			o := start(t, r, 0)
			demoService(t, r, "demo", 3, "demo", "--update-order", order)
			o.apply(t, plain("demo", "demo.local", "demo"))
			c := o.web("http", "demo.local")
			until200(t, c, "/ping")
			posts := startLoad(t, c, 200, post(c, "/echo", "hello"))
			slow := startLoad(t, c, 20, get(c, "/slow?d=500ms"))
			r.Node(0).Docker(t, "service", "update", "--detach", "--quiet", "--force", "demo")
			updated(t, r, "demo")
			for _, n := range []int{5, 2} {
				r.Node(0).Docker(t, "service", "scale", "--detach", fmt.Sprint("demo=", n))
				r.WaitTasks(t, "demo", n)
				rig.Eventually(t, 20*time.Second, "the Endpoints follow", func() error {
					if got := len(o.endpoints("demo:8080")); got != n {
						return fmt.Errorf("%d endpoints, want %d", got, n)
					}
					return nil
				})
			}
			time.Sleep(4 * time.Second) // the stopped tasks' containers end now
			posts.mustNotHaveFailed(t, "200 POST/s")
			slow.mustNotHaveFailed(t, "20 slow GET/s")
		})
	}
}

func TestNoRequestThatMayBeSentAgainFailsWhenATaskIsKilled(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 3, "demo")
	o.apply(t, `apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: demo}
spec:
  hosts: [demo.local]
  rules:
  - backends: [{service: demo, port: 8080}]
    retry: {attempts: 2}
`)
	c := o.web("http", "demo.local")
	until200(t, c, "/ping")
	gets := startLoad(t, c, 200, get(c, "/ping"))
	tasks := r.WaitTasks(t, "demo", 3)
	victim := tasks[0].Addrs["demo"].String() + ":8080"
	tasks[0].Kill(t)
	killed := time.Now()
	rig.Eventually(t, 20*time.Second, "the killed task leaves", func() error {
		if slices.Contains(o.endpoints("demo:8080"), victim) {
			return fmt.Errorf("%s is still there", victim)
		}
		return nil
	})
	t.Logf("the killed task left the Snapshot after %v", time.Since(killed))
	rig.Eventually(t, 30*time.Second, "three Endpoints again", func() error {
		if n := len(o.endpoints("demo:8080")); n != 3 {
			return fmt.Errorf("%d endpoints", n)
		}
		return nil
	})
	gets.mustNotHaveFailed(t, "200 GET/s")
}

func TestANewTaskIsInRotationWithinASecondOfRunning(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 1, "demo")
	o.apply(t, plain("demo", "demo.local", "demo"))
	until200(t, o.web("http", "demo.local"), "/ping")
	r.Node(0).Docker(t, "service", "scale", "--detach", "demo=2")
	t.Logf("scaled: in rotation %v after Swarm says that it ran (target: 1 s)", sinceRunning(t, o, 2))

	time.Sleep(16 * time.Second) // now nothing is fresh any more, and a crash makes no event
	r.WaitTasks(t, "demo", 2)[0].Kill(t)
	rig.Eventually(t, 20*time.Second, "the killed task leaves", func() error {
		if n := len(o.endpoints("demo:8080")); n != 1 {
			return fmt.Errorf("%d endpoints", n)
		}
		return nil
	})
	t.Logf("replaced after a crash: in rotation %v after Swarm says that it ran (target: 1 s)", sinceRunning(t, o, 2))
}

// sinceRunning waits for n Endpoints of the demo service and returns how long
// after the newest task's start they were there.
func sinceRunning(t *testing.T, o *operator, n int) time.Duration {
	t.Helper()
	rig.Eventually(t, 30*time.Second, "the Endpoints are there", func() error {
		if got := len(o.endpoints("demo:8080")); got != n {
			return fmt.Errorf("%d endpoints, want %d", got, n)
		}
		return nil
	})
	seen := time.Now()
	newest := time.Time{}
	for _, task := range o.rig.WaitTasks(t, "demo", n) {
		stamp := o.node.Docker(t, "inspect", "--type", "task", "--format", `{{.Status.Timestamp.Format "2006-01-02T15:04:05.999999999Z07:00"}}`, task.ID)
		ran, err := time.Parse(time.RFC3339Nano, strings.TrimSpace(stamp))
		if err != nil {
			t.Fatal(err)
		}
		if ran.After(newest) {
			newest = ran
		}
	}
	return seen.Sub(newest)
}
