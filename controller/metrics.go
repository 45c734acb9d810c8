package main

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/reconcile"
	"fairlead.dev/fairlead/reconcile/plan"
)

// metrics are those of the control side. The data plane registers its own.
type metrics struct {
	passes   *prometheus.HistogramVec
	calls    *prometheus.CounterVec
	callTime *prometheus.HistogramVec
	routes   *prometheus.GaugeVec

	observed atomic.Int64 // Unix nanoseconds of the last pass that saw everything
	counted  *plan.Plan   // the one that routes says the counts of
	started  time.Time
}

// A view of the swarm that is older than this is called stale.
const staleAfter = 10 * time.Second

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		started: time.Now(),
		passes: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fairlead_reconcile_duration_seconds", Help: "Time that a pass took, by result.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, []string{"result"}),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fairlead_docker_api_calls_total", Help: "Calls to the Docker API, by call and result.",
		}, []string{"call", "result"}),
		callTime: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fairlead_docker_api_duration_seconds", Help: "Time that calls to the Docker API took.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}, []string{"call"}),
		routes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "fairlead_routes", Help: "Routes, by condition and its status.",
		}, []string{"condition", "status"}),
	}
	lag := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "fairlead_reconcile_lag_seconds", Help: "Time since the swarm and all objects were last seen.",
	}, func() float64 { return m.lag().Seconds() })
	r.MustRegister(m.passes, m.calls, m.callTime, m.routes, lag)
	return m
}

// onPass takes in how a pass went.
func (m *metrics) onPass(p reconcile.Pass) {
	result := "ok"
	if p.Err != nil {
		result = "error"
	}
	m.passes.WithLabelValues(result).Observe(p.Duration.Seconds())
	if p.Plan == nil {
		return
	}
	m.observed.Store(p.Start.UnixNano())
	if p.Plan == m.counted {
		return
	}
	m.counted = p.Plan
	counts := map[[2]string]int{}
	for _, s := range p.Plan.Statuses {
		for _, c := range s.Status.Conditions {
			counts[[2]string{c.Type, string(c.Status)}]++
		}
	}
	for _, t := range []string{v1alpha1.Accepted, v1alpha1.ResolvedRefs, v1alpha1.Programmed, v1alpha1.Ready} {
		for _, status := range []v1alpha1.ConditionStatus{v1alpha1.True, v1alpha1.False, v1alpha1.Unknown} {
			m.routes.WithLabelValues(t, string(status)).Set(float64(counts[[2]string{t, string(status)}]))
		}
	}
}

// onCall takes in how a call to the Docker API went.
func (m *metrics) onCall(call string, took time.Duration, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.calls.WithLabelValues(call, result).Inc()
	m.callTime.WithLabelValues(call).Observe(took.Seconds())
}

// lag is the time since everything was last seen.
func (m *metrics) lag() time.Duration {
	seen := m.started
	if n := m.observed.Load(); n != 0 {
		seen = time.Unix(0, n)
	}
	return time.Since(seen)
}

// ready is /readyz: whether something is served, and how stale it is.
func (m *metrics) ready(serving bool) (ok bool, message string) {
	lag := m.lag().Round(time.Second)
	switch {
	case !serving:
		return false, "nothing is served yet"
	case lag > staleAfter:
		return true, fmt.Sprintf("ok, but stale: the last look at everything was %s ago, what was published then is served", lag)
	}
	return true, "ok"
}
