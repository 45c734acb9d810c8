package e2e

import (
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

const keepsSessions = `apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: demo}
spec:
  hosts: [demo.local]
  rules:
  - backends: [{service: demo, port: 8080}]
    sessionPersistence: {idleTimeout: 1h}
`

// browser keeps the cookies that it gets.
func browser(t *testing.T, o *operator, host string) *client {
	t.Helper()
	c := o.web("http", host)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Jar = jar
	return c
}

// slotOf is the slot of the task that calls itself instance; 0 if none does.
func slotOf(t *testing.T, r *rig.Rig, instance string) int {
	t.Helper()
	tasks, err := r.Tasks(t.Context(), "demo")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		if strings.HasPrefix(task.Container, instance) {
			return task.Slot
		}
	}
	return 0
}

// givesSessions waits until an answer to a new browser has our cookie.
func givesSessions(t *testing.T, o *operator, host string) {
	t.Helper()
	rig.Eventually(t, 30*time.Second, "the key of sessions is there", func() error {
		resp, _, err := o.web("http", host).get("/ping")
		if err != nil {
			return err
		}
		for _, k := range resp.Cookies() {
			if k.Name == "fairlead-session" && k.HttpOnly && k.SameSite == http.SameSiteLaxMode {
				return nil
			}
		}
		return fmt.Errorf("%s with the cookies %v", resp.Status, resp.Cookies())
	})
}

func TestASessionStaysOnItsSlotThroughARestartAndWhenItsTaskIsReplaced(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 3, "demo", "--restart-delay", "100ms", "--update-order", "start-first")
	o.apply(t, keepsSessions)
	until200(t, o.web("http", "demo.local"), "/ping")
	givesSessions(t, o, "demo.local")
	b := browser(t, o, "demo.local")
	first, _ := b.ping(t)
	home := slotOf(t, r, first.Instance)
	if home == 0 {
		t.Fatalf("%s is no task of the service", first.Instance)
	}
	stays := func(n int) {
		t.Helper()
		for i := range n {
			if got, _ := b.ping(t); got.Instance != first.Instance {
				t.Fatalf("request %d of the session was answered by %s, not %s", i, got.Instance, first.Instance)
			}
		}
	}
	stays(200)

	o.stop(t, syscall.SIGTERM)
	o.run(t)
	until200(t, o.web("http", "demo.local"), "/ping")
	givesSessions(t, o, "demo.local")
	stays(20)

	// A crash: for a moment nobody is in the slot.
	for _, task := range r.WaitTasks(t, "demo", 3) {
		if strings.HasPrefix(task.Container, first.Instance) {
			task.Kill(t)
		}
	}
	var successor rig.Task
	rig.Eventually(t, 60*time.Second, "another task is in the slot", func() error {
		tasks, err := r.Running(t.Context(), "demo")
		for _, task := range tasks {
			if task.Slot == home && !strings.HasPrefix(task.Container, first.Instance) {
				successor = task
				return nil
			}
		}
		return fmt.Errorf("%d tasks run: %w", len(tasks), err)
	})
	rig.Eventually(t, 20*time.Second, "it is an Endpoint", func() error {
		for _, address := range o.endpoints("demo:8080") {
			if address == successor.Addrs["demo"].String()+":8080" {
				return nil
			}
		}
		return fmt.Errorf("Endpoints are %v", o.endpoints("demo:8080"))
	})
	if got, _ := b.ping(t); !strings.HasPrefix(successor.Container, got.Instance) {
		t.Errorf("the session is at %s in slot %d, not in slot %d", got.Instance, slotOf(t, r, got.Instance), home)
	}

	// A rolling update: somebody is in the slot all the time.
	r.Node(0).Docker(t, "service", "update", "--detach", "--quiet", "--force", "demo")
	served := map[string]bool{}
	rig.Eventually(t, 2*time.Minute, "the update is over", func() error {
		got, _ := b.ping(t)
		served[got.Instance] = true
		state, err := r.Node(0).Try(t.Context(), "service", "inspect", "--format", "{{.UpdateStatus.State}}", "demo")
		if err == nil && strings.TrimSpace(state) != "completed" {
			err = fmt.Errorf("update status %q", state)
		}
		return err
	})
	for instance := range served {
		if slot := slotOf(t, r, instance); slot != home {
			t.Errorf("in the update the session was at %s in slot %d, not in slot %d", instance, slot, home)
		}
	}
	if len(served) < 2 {
		t.Errorf("the task in the slot was not replaced: %v", served)
	}
}
