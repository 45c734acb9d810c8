// Package live holds what outlasts a publish: the Backends and Endpoints, with
// their connections, counters and ejections.
//
// A World is one Snapshot, compiled, with the Backends that its Rules name.
// Build makes the next World from the last one and changes nothing yet; whoever
// calls it then makes the World the current one, and after that calls
// Change.Apply. Apply is what cannot be part of an atomic swap, and needs not
// be: Backends that stay get their new Endpoints, and Endpoints that are gone
// lose their idle connections. A request that began in the last World sees the
// new Endpoints of its Backend too, so a removed Endpoint gets nothing new, also
// no second try.
//
// What lives on keeps no pointer into a Snapshot: the Snapshots of a day would
// stay in memory.
package live

import (
	"fmt"
	"slices"
	"strconv"
	"sync/atomic"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/metrics"
	"fairlead.dev/fairlead/dataplane/routing"
)

// World is all that requests are decided and served from at one time.
type World struct {
	Snapshot *snapshot.Snapshot
	Table    *routing.Table

	rules    []shares // by routing.Rule.Index
	backends map[string]*Backend
	// weighted are the Rules that have a choice, by Route and place.
	weighted map[string]*weighted
}

// shares are the Backends of one Rule. Of one Backend there is nothing to choose.
type shares struct {
	only     *Backend
	weighted *weighted
	// at is where only stands in the Rule's list; -1 where nothing has a weight.
	at     int
	counts Counts
}

// Counts are where whoever counts the requests of a Rule keeps what it counts
// them in. It is nil in a new World.
type Counts = atomic.Pointer[metrics.Route]

// Counts returns those of a Rule.
func (w *World) Counts(r *routing.Rule) *Counts { return &w.rules[r.Index].counts }

type weighted struct {
	ids      []string
	weights  []int
	backends []*Backend
	hashes   []balance.Key // of the Backends' names
	choice   *balance.Weighted
}

// Next chooses whom the next request of a Rule goes to; requests with one Key go
// to one Backend. It returns the place in the Rule's Backends, -1 if none has a
// weight, and the Backend, nil if the reference does not resolve.
func (w *World) Next(r *routing.Rule, key balance.Key) (int, *Backend) {
	s := &w.rules[r.Index]
	if s.weighted == nil {
		return s.at, s.only
	}
	i := s.weighted.next(key)
	if i < 0 {
		return -1, nil
	}
	return i, s.weighted.backends[i]
}

// Named returns the Backend of a Rule whose name has a hash, with its place, or -1.
func (w *World) Named(r *routing.Rule, name balance.Key) (int, *Backend) {
	for i := range r.Spec.Backends {
		if b := w.backends[r.Spec.Backends[i].Backend]; b != nil && balance.KeyOf(b.Name()) == name {
			return i, b
		}
	}
	return -1, nil
}

func (w *weighted) next(key balance.Key) int {
	if key != 0 {
		return balance.Share(key, w.weights, w.hashes)
	}
	return w.choice.Next()
}

// Backend returns the Backend of an ID, or nil.
func (w *World) Backend(id string) *Backend { return w.backends[id] }

// Checked calls yield with each Backend whose Endpoints are asked how they are.
func (w *World) Checked(yield func(*Backend) bool) {
	for i := range w.Snapshot.Backends {
		if s := &w.Snapshot.Backends[i]; s.Check != nil && s.Check.Type != "" && !yield(w.backends[s.ID]) {
			return
		}
	}
}

// Change is what a new World makes of the Backends that it shares with the last.
type Change struct {
	updates []update
	retired []*Endpoint
}

type update struct {
	backend   *Backend
	name      string
	endpoints []*Endpoint
}

// Apply brings the Backends up to date. It has to be called once, after the
// World has become the current one.
func (c *Change) Apply(m *health.Monitor) {
	for i := range c.updates {
		u := &c.updates[i]
		u.backend.name.Store(&u.name)
		u.backend.endpoints.Store(&u.endpoints)
	}
	for _, e := range c.retired {
		e.retire()
		m.Forget(&e.Health)
	}
}

// Build makes the World of s. last is nil for the first. Its errors are those of
// routing.NewTable, and references to Backends that are not in s.
func Build(last *World, s *snapshot.Snapshot) (*World, *Change, error) {
	table, err := routing.NewTable(s)
	if err != nil {
		return nil, nil, err
	}
	if last == nil {
		last = &World{Snapshot: &snapshot.Snapshot{}}
	}
	w := &World{Snapshot: s, Table: table, backends: make(map[string]*Backend, len(s.Backends)), weighted: map[string]*weighted{}}
	c := &Change{}
	for i := range s.Backends {
		w.takeBackend(last, &s.Backends[i], c)
	}
	for i := range last.Snapshot.Backends {
		id := last.Snapshot.Backends[i].ID
		if old := last.backends[id]; old != nil && old != w.backends[id] {
			c.retired = append(c.retired, old.Endpoints()...)
		}
	}
	return w, c, w.connectRules(last)
}

// takeBackend takes a Backend over from the last World, or makes it.
func (w *World) takeBackend(last *World, spec *snapshot.Backend, c *Change) {
	b := last.backends[spec.ID]
	if b == nil || !b.serves(spec) {
		w.backends[spec.ID] = newBackend(spec)
		return
	}
	w.backends[spec.ID] = b
	if b.unchanged(spec) && b.Name() == spec.Name {
		return
	}
	list, retired := b.merge(spec)
	c.updates = append(c.updates, update{b, spec.Name, list})
	c.retired = append(c.retired, retired...)
}

func (w *World) connectRules(last *World) error {
	rules := w.Table.Rules()
	w.rules = make([]shares, len(rules))
	for i := range rules {
		if err := w.share(&w.rules[i], last, &rules[i]); err != nil {
			return err
		}
	}
	return nil
}

// share fills in s, the shares of r.
func (w *World) share(s *shares, last *World, r *routing.Rule) error {
	refs := r.Spec.Backends
	for i := range refs {
		if id := refs[i].Backend; id != "" && w.backends[id] == nil {
			return fmt.Errorf("route %s rule %s: backend %s is not in the snapshot", r.Key, r.Name, id)
		}
	}
	switch {
	case len(refs) == 0 || len(refs) == 1 && refs[0].Weight <= 0:
		s.at = -1
	case len(refs) == 1:
		s.only = w.backends[refs[0].Backend]
	default:
		key := r.Key + " " + r.Name
		w.weighted[key] = w.weigh(last.weighted[key], refs)
		s.weighted = w.weighted[key]
	}
	return nil
}

// weigh makes the choice of a Rule, or goes on with the last one's, so that
// publishes in quick succession do not favour the first share.
func (w *World) weigh(last *weighted, refs []snapshot.BackendRef) *weighted {
	n := &weighted{}
	for i := range refs {
		n.ids = append(n.ids, refs[i].Backend)
		n.weights = append(n.weights, refs[i].Weight)
		b := w.backends[refs[i].Backend]
		n.backends = append(n.backends, b)
		n.hashes = append(n.hashes, hashOf(b, i))
	}
	if last != nil && slices.Equal(last.ids, n.ids) && slices.Equal(last.weights, n.weights) {
		n.choice = last.choice
	} else {
		n.choice = balance.NewWeighted(n.weights)
	}
	return n
}

// hashOf is what a share's Keys go by. A reference that does not resolve has no
// name, and goes by its place.
func hashOf(b *Backend, place int) balance.Key {
	if b == nil {
		return balance.KeyOf(strconv.Itoa(place))
	}
	return balance.KeyOf(b.Name())
}
