package live

import (
	"cmp"
	"sync"
	"sync/atomic"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/health"
)

// Endpoint is one address that serves a Backend. It lives as long as publishes
// name it, and with it its connections, counters and ejections.
type Endpoint struct {
	snapshot.Endpoint
	Backend *Backend
	Health  health.Tracker
	// Identity outlasts the Endpoint where its successor has the same Slot.
	Identity balance.Identity

	inFlight atomic.Int64
	retired  atomic.Bool

	mu          sync.Mutex // guards following
	connections Connections
}

// begin makes a zero Endpoint that of spec.
func (e *Endpoint) begin(spec snapshot.Endpoint, b *Backend) {
	e.Endpoint, e.Backend, e.Health.Rule = spec, b, b.rule
	e.Identity = balance.Identity{Hash: balance.KeyOf(cmp.Or(spec.Slot, spec.ID)), Created: spec.Created}
}

// Connections are an engine's connections to one Endpoint.
type Connections interface {
	// CloseIdle closes those that carry no request now. Those that do stay.
	CloseIdle()
}

// Begin counts a request that the Endpoint has to answer, End the answer.
func (e *Endpoint) Begin() { e.inFlight.Add(1) }

// End is the counterpart of Begin. A retired Endpoint loses the connection that
// the request leaves behind.
func (e *Endpoint) End() {
	e.inFlight.Add(-1)
	if e.retired.Load() {
		e.closeIdle()
	}
}

// InFlight is the number of requests that are not answered yet.
func (e *Endpoint) InFlight() int64 { return e.inFlight.Load() }

// Retired says whether the last publish named the Endpoint no more.
func (e *Endpoint) Retired() bool { return e.retired.Load() }

// Connections returns the connections to the Endpoint, which open makes once.
func (e *Endpoint) Connections(open func(*Endpoint) Connections) Connections {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.connections == nil {
		e.connections = open(e)
	}
	return e.connections
}

func (e *Endpoint) closeIdle() {
	e.mu.Lock()
	c := e.connections
	e.mu.Unlock()
	if c != nil {
		c.CloseIdle()
	}
}

// retire ends the Endpoint's part in new requests.
func (e *Endpoint) retire() {
	e.retired.Store(true)
	e.closeIdle()
}
