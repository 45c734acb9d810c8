package e2e

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestATaskThatHangsIsOutUntilItAnswersItsChecksAgain(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 2, "demo")
	o.apply(t, `apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: demo}
spec:
  hosts: [demo.local]
  healthCheck: {type: HTTP, path: /info, interval: 200ms, timeout: 500ms, maxFails: 2}
  backend: {service: demo, port: 8080}
`, "--wait")
	c := o.web("http", "demo.local")
	until200(t, c, "/ping")
	ready := func(n int) {
		t.Helper()
		rig.Eventually(t, 30*time.Second, fmt.Sprint(n, " Endpoints are ready"), func() error {
			out := o.must(t, "", "get", "route/demo")
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if fields := strings.Fields(lines[len(lines)-1]); len(fields) < 5 || fields[4] != fmt.Sprint(n) {
				return fmt.Errorf("%s", out)
			}
			return nil
		})
	}
	ready(2)
	hanging := r.WaitTasks(t, "demo", 2)[0]
	if err := syscall.Kill(hanging.PID, syscall.SIGSTOP); err != nil { // Swarm still says that it runs
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(hanging.PID, syscall.SIGCONT) })
	ready(1)
	if out := o.must(t, "", "describe", "route/demo"); !strings.Contains(out, "out by the health check: 1 of 2 endpoints of demo:8080") {
		t.Errorf("describe does not tell:\n%s", out)
	}
	for range 20 {
		began := time.Now()
		if err := c.ok("/ping"); err != nil || time.Since(began) > 2*time.Second {
			t.Errorf("a request took %v: %v", time.Since(began), err)
		}
	}
	if err := syscall.Kill(hanging.PID, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	ready(2)
}
