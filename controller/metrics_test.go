package main

import (
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"fairlead.dev/fairlead/reconcile"
	"fairlead.dev/fairlead/reconcile/plan"
)

func TestReadinessTellsHowOldTheViewIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMetrics(prometheus.NewRegistry())
		if ok, message := m.ready(false); ok || message != "nothing is served yet" {
			t.Errorf("before anything is served: %v, %q", ok, message)
		}
		m.onPass(reconcile.Pass{Start: time.Now(), Plan: &plan.Plan{}})
		time.Sleep(9 * time.Second)
		if ok, message := m.ready(true); !ok || message != "ok" {
			t.Errorf("after 9 s: %v, %q", ok, message)
		}
		time.Sleep(51 * time.Second)
		m.onPass(reconcile.Pass{Start: time.Now(), Err: errAway}) // saw nothing
		if ok, message := m.ready(true); !ok || !strings.Contains(message, "stale") || !strings.Contains(message, "1m0s ago") {
			t.Errorf("after a minute without the API: %v, %q", ok, message)
		}
		m.onPass(reconcile.Pass{Start: time.Now(), Plan: &plan.Plan{}, Err: errors.New("act: no")}) // saw everything
		if ok, message := m.ready(true); !ok || message != "ok" {
			t.Errorf("after a pass that saw everything: %v, %q", ok, message)
		}
	})
}

// series is a metric as Prometheus reads it: the value behind its name and
// labels; "" where it is not there.
func series(r *prometheus.Registry, name string) string {
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	for line := range strings.Lines(answer.Body.String()) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func TestRoutesAreCountedByCondition(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newMetrics(r)
	count := func(status string) string { return series(r, `fairlead_routes{condition="Ready",status="`+status+`"}`) }
	m.onPass(reconcile.Pass{Plan: &plan.Plan{Statuses: []plan.Status{statusOf("a", 1, "True"), statusOf("b", 1, "True"), statusOf("c", 1, "False")}}})
	if count("True") != "2" || count("False") != "1" || count("Unknown") != "0" {
		t.Errorf("%s true, %s false, %s unknown", count("True"), count("False"), count("Unknown"))
	}
	m.onPass(reconcile.Pass{Plan: &plan.Plan{}})
	if count("True") != "0" || count("False") != "0" {
		t.Error("Routes that are gone are counted still")
	}
}

func TestCallsToTheAPIAreCountedByResult(t *testing.T) {
	r := prometheus.NewRegistry()
	m := newMetrics(r)
	m.onCall("list tasks", time.Millisecond, nil)
	m.onCall("list tasks", time.Millisecond, errAway)
	m.onCall("list tasks", time.Millisecond, errAway)
	for result, want := range map[string]string{"ok": "1", "error": "2"} {
		if got := series(r, `fairlead_docker_api_calls_total{call="list tasks",result="`+result+`"}`); got != want {
			t.Errorf("%s: %s calls, want %s", result, got, want)
		}
	}
	if got := series(r, `fairlead_docker_api_duration_seconds_count{call="list tasks"}`); got != "3" {
		t.Errorf("%s calls were timed", got)
	}
}
