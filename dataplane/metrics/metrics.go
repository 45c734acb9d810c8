// Package metrics counts what a data plane does, for Prometheus.
//
// Counting is atomic additions: it takes no lock and, but for labels that were
// not seen before, no memory. What Prometheus wants is made of the counts at each
// scrape.
package metrics

import (
	"fmt"
	"sync/atomic"

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

// listeners are those whose requests have durations.
var listeners = [...]string{"http", "https"}

// Metrics are the counters of one data plane. All methods may be called by
// several goroutines.
type Metrics struct {
	routes        *routes
	durations     [len(listeners)]histogram
	inFlight      atomic.Int64
	passthroughs  atomic.Int64
	connectErrors atomic.Uint64
	handshakes    tally[string]
	publishes     tally[string]
	refused       tally[string]
	mirrored      tally[string]
	checks        tally[string]
}

// New returns Metrics that are registered with reg; nil registers nowhere.
func New(reg prometheus.Registerer, state State) (*Metrics, error) {
	m := &Metrics{routes: newRoutes()}
	if reg == nil {
		return m, nil
	}
	if err := reg.Register(collector{m, state}); err != nil {
		return m, fmt.Errorf("register metrics: %w", err)
	}
	return m, nil
}

// Begin counts a request in.
func (m *Metrics) Begin() { m.inFlight.Add(1) }

// Done counts a request out. Of r it keeps the Route only, so all the other
// strings may stand in a buffer that is used again. A status that is none of
// HTTP's (RFC 9110 section 15) counts as 0. known is where the Route's counters
// are kept once they are found; nil finds them again.
func (m *Metrics) Done(r *access.Record, known *atomic.Pointer[Route]) {
	m.inFlight.Add(-1)
	status := r.Status
	if status < 100 || status > 599 {
		status = 0
	}
	m.countsOf(r.Route, known).add(status)
	for i := range listeners {
		if listeners[i] == r.Listener {
			m.durations[i].observe(r.Duration)
		}
	}
}

func (m *Metrics) countsOf(route string, known *atomic.Pointer[Route]) *Route {
	if known == nil {
		return m.routes.of(route)
	}
	counts := known.Load()
	if counts == nil {
		counts = m.routes.of(route)
		known.Store(counts)
	}
	return counts
}

// PassthroughBegins counts a passthrough connection in.
func (m *Metrics) PassthroughBegins() {
	m.handshakes.add("passthrough")
	m.passthroughs.Add(1)
}

// PassthroughEnds counts a passthrough connection out.
func (m *Metrics) PassthroughEnds() { m.passthroughs.Add(-1) }

// ConnectError counts a connection to an Endpoint that could not be made.
func (m *Metrics) ConnectError() { m.connectErrors.Add(1) }

// Handshake counts a TLS connection: "ok", "failed", "client_certificate",
// "unknown_name", "not_tls", or "challenge", which is an authority's.
func (m *Metrics) Handshake(result string) { m.handshakes.add(result) }

// Refused counts a request or connection that a limit or the grammar refused. The
// reasons are constants, few and in snake_case.
func (m *Metrics) Refused(reason string) { m.refused.add(reason) }

// Checked counts a check of an Endpoint.
func (m *Metrics) Checked(passed bool) {
	if passed {
		m.checks.add("passed")
		return
	}
	m.checks.add("failed")
}

// Mirrored counts a copy of a request by what became of it.
func (m *Metrics) Mirrored(result string) { m.mirrored.add(result) }

// Published counts a Snapshot.
func (m *Metrics) Published(err error) {
	if err != nil {
		m.publishes.add("failed")
		return
	}
	m.publishes.add("ok")
}

// Forget drops the counters of a Route that is not served any more.
func (m *Metrics) Forget(route string) { m.routes.forget(route) }
