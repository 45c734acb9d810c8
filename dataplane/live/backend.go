package live

import (
	"slices"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/certificate"
	"fairlead.dev/fairlead/dataplane/health"
)

// Backend is a Backend of the Snapshots with its Endpoints of now. It lives as
// long as publishes name its ID with the same protocol and network.
type Backend struct {
	ID       string
	Protocol snapshot.Protocol
	// Network is the ID of the network that the Endpoints stand on, but for
	// those that name their own.
	Network string
	// Check says what Endpoints are asked, and when they are passed over; nil is
	// the Monitor's own rule.
	Check *snapshot.HealthCheck
	// Trust is what connections are made with where Protocol is HTTPS, and nil else.
	// Whoever publishes the Backend first sets it before.
	Trust *certificate.Trust

	// Mirrored counts the copies of requests that it has not answered.
	Mirrored Slots

	rule      *health.Rule // of Check
	name      atomic.Pointer[string]
	endpoints atomic.Pointer[[]*Endpoint]
	picker    balance.Picker
}

// Slots count what is under way, up to a limit.
type Slots struct{ n atomic.Int64 }

// Take counts one in, if there are not most already. It has to Give then.
func (s *Slots) Take(most int64) bool {
	if s.n.Add(1) <= most {
		return true
	}
	s.n.Add(-1)
	return false
}

// Give counts one out.
func (s *Slots) Give() { s.n.Add(-1) }

// Name is what the user wrote, as logs name the Backend.
func (b *Backend) Name() string { return *b.name.Load() }

// Endpoints returns the Endpoints of now, sorted by ID. It must not be changed.
func (b *Backend) Endpoints() []*Endpoint { return *b.endpoints.Load() }

// Pick returns the Endpoint for the next try of a request, or nil if there is
// none that is not in tried.
func (b *Backend) Pick(how balance.Choice, tried []*Endpoint) *Endpoint {
	c := candidates{endpoints: b.Endpoints(), tried: tried}
	i := balance.Pick(&b.picker, how, c)
	if i < 0 {
		return nil
	}
	return c.endpoints[i]
}

// Find returns the Endpoint that a Hash is the identity of, or its successor, if it
// is usable and not in tried; else nil.
func (b *Backend) Find(hash balance.Key, tried []*Endpoint) *Endpoint {
	c := candidates{endpoints: b.Endpoints(), tried: tried}
	i := balance.Successor(c, hash)
	if i < 0 {
		return nil
	}
	return c.endpoints[i]
}

// candidates shows the Endpoints of a Backend to a Picker.
type candidates struct {
	endpoints, tried []*Endpoint
}

func (c candidates) Len() int             { return len(c.endpoints) }
func (c candidates) InFlight(i int) int64 { return c.endpoints[i].InFlight() }

func (c candidates) Identity(i int) balance.Identity { return c.endpoints[i].Identity }

func (c candidates) State(i int) balance.State {
	e := c.endpoints[i]
	switch {
	case slices.Contains(c.tried, e):
		return balance.Excluded
	case e.Health.Suspect() && e.Health.Out(time.Now().UnixNano()):
		return balance.Ejected
	}
	return balance.Usable
}

// newBackend makes a Backend with all its Endpoints in one piece of memory.
func newBackend(spec *snapshot.Backend) *Backend {
	b := &Backend{ID: spec.ID, Protocol: spec.Protocol, Network: spec.Network}
	if spec.Check != nil {
		check := *spec.Check // what lives on keeps no pointer into a Snapshot
		b.Check, b.rule = &check, &health.Rule{MaxFails: check.MaxFails, FailTimeout: check.FailTimeout}
	}
	name := spec.Name
	b.name.Store(&name)
	all := make([]Endpoint, len(spec.Endpoints))
	list := make([]*Endpoint, len(all))
	for i := range all {
		all[i].begin(spec.Endpoints[i], b)
		list[i] = &all[i]
	}
	b.endpoints.Store(&list)
	return b
}

// serves says whether b can go on as what spec describes.
func (b *Backend) serves(spec *snapshot.Backend) bool {
	return b.Protocol == spec.Protocol && b.Network == spec.Network && sameCheck(b.Check, spec.Check)
}

func sameCheck(a, b *snapshot.HealthCheck) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}

// unchanged says whether the Endpoints are those of spec.
func (b *Backend) unchanged(spec *snapshot.Backend) bool {
	return slices.EqualFunc(b.Endpoints(), spec.Endpoints, same)
}

func same(e *Endpoint, spec snapshot.Endpoint) bool {
	return e.Endpoint == spec
}

// merge returns the Endpoints of spec, with those of b where they are the same,
// and those of b that are not in it.
func (b *Backend) merge(spec *snapshot.Backend) (list, retired []*Endpoint) {
	old := make(map[snapshot.Endpoint]*Endpoint, len(b.Endpoints()))
	for _, e := range b.Endpoints() {
		old[e.Endpoint] = e
	}
	list = make([]*Endpoint, len(spec.Endpoints))
	for i, s := range spec.Endpoints {
		if list[i] = old[s]; list[i] == nil {
			list[i] = &Endpoint{}
			list[i].begin(s, b)
		}
		delete(old, s)
	}
	for _, e := range b.Endpoints() {
		if old[e.Endpoint] != nil {
			retired = append(retired, e)
		}
	}
	return list, retired
}
