// Package metrics counts what a data plane does, for Prometheus.
package metrics

import (
	"fmt"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/access"
)

// State is what is read at the time of a scrape. It is called by several
// goroutines.
type State interface {
	// Endpoints returns how many Endpoints are served, and how many of them are
	// ejected.
	Endpoints() (all, ejected int)
	// Certificates returns what became of each Certificate.
	Certificates() []snapshot.CertificateReport
}

// Metrics are the counters of one data plane.
type Metrics struct {
	requests      *prometheus.CounterVec
	duration      *prometheus.HistogramVec
	inFlight      prometheus.Gauge
	passthroughs  prometheus.Gauge
	connectErrors prometheus.Counter
	handshakes    *prometheus.CounterVec
	publishes     *prometheus.CounterVec
	state         State
}

var (
	endpointsDesc = prometheus.NewDesc("fairlead_endpoints", "Endpoints that are served, by state.", []string{"state"}, nil)
	expiryDesc    = prometheus.NewDesc("fairlead_certificate_expiry_timestamp_seconds", "End of each loaded certificate, in Unix time.", []string{"certificate", "id"}, nil)
	statesDesc    = prometheus.NewDesc("fairlead_certificates", "Certificates by state.", []string{"state"}, nil)
)

// New returns Metrics that are registered with reg; nil registers nowhere.
func New(reg prometheus.Registerer, state State) (*Metrics, error) {
	m := &Metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fairlead_requests_total", Help: "Requests by Route and status; the Route is empty where none matched.",
		}, []string{"route", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "fairlead_request_duration_seconds", Help: "Time from a request's head to the end of its answer.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 4, 9),
		}, []string{"listener"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fairlead_requests_in_flight", Help: "Requests that are not answered yet.",
		}),
		passthroughs: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "fairlead_passthrough_connections", Help: "Passthrough connections that are open.",
		}),
		connectErrors: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "fairlead_endpoint_connect_errors_total", Help: "Connections to Endpoints that could not be made.",
		}),
		handshakes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fairlead_tls_handshakes_total", Help: "TLS connections by what became of them: ok, failed, unknown_name, not_tls, passthrough.",
		}, []string{"result"}),
		publishes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "fairlead_publishes_total", Help: "Snapshots by what became of them: ok, failed.",
		}, []string{"result"}),
		state: state,
	}
	return m, m.register(reg)
}

func (m *Metrics) register(reg prometheus.Registerer) error {
	if reg == nil {
		return nil
	}
	for _, c := range []prometheus.Collector{m.requests, m.duration, m.inFlight, m.passthroughs, m.connectErrors, m.handshakes, m.publishes, collector{m.state}} {
		if err := reg.Register(c); err != nil {
			return fmt.Errorf("register metrics: %w", err)
		}
	}
	return nil
}

// Begin counts a request in.
func (m *Metrics) Begin() { m.inFlight.Inc() }

// Done counts a request out.
func (m *Metrics) Done(r *access.Record) {
	m.inFlight.Dec()
	m.requests.WithLabelValues(r.Route, strconv.Itoa(r.Status)).Inc()
	m.duration.WithLabelValues(r.Listener).Observe(r.Duration)
}

// PassthroughBegins counts a passthrough connection in.
func (m *Metrics) PassthroughBegins() {
	m.handshakes.WithLabelValues("passthrough").Inc()
	m.passthroughs.Inc()
}

// PassthroughEnds counts a passthrough connection out.
func (m *Metrics) PassthroughEnds() { m.passthroughs.Dec() }

// ConnectError counts a connection to an Endpoint that could not be made.
func (m *Metrics) ConnectError() { m.connectErrors.Inc() }

// Handshake counts a TLS connection: "ok", "failed", "unknown_name" or "not_tls".
func (m *Metrics) Handshake(result string) { m.handshakes.WithLabelValues(result).Inc() }

// Published counts a Snapshot.
func (m *Metrics) Published(err error) {
	if err != nil {
		m.publishes.WithLabelValues("failed").Inc()
		return
	}
	m.publishes.WithLabelValues("ok").Inc()
}

// Forget drops the counters of a Route that is not served any more.
func (m *Metrics) Forget(route string) {
	m.requests.DeletePartialMatch(prometheus.Labels{"route": route})
}

// collector reads the State at each scrape.
type collector struct{ state State }

func (c collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- endpointsDesc
	ch <- expiryDesc
	ch <- statesDesc
}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	all, ejected := c.state.Endpoints()
	gauge(endpointsDesc, float64(all-ejected), "ready")
	gauge(endpointsDesc, float64(ejected), "ejected")
	states := map[snapshot.CertificateState]int{}
	for _, r := range c.state.Certificates() {
		states[r.State]++
		if r.State == snapshot.CertificateLoaded {
			gauge(expiryDesc, float64(r.NotAfter.Unix()), r.Name, r.ID)
		}
	}
	for _, s := range []snapshot.CertificateState{snapshot.CertificateLoaded, snapshot.CertificatePending, snapshot.CertificateInvalid} {
		gauge(statesDesc, float64(states[s]), string(s))
	}
}
