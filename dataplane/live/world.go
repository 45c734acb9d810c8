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
	"maps"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/challenge"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/routing"
)

// World is all that requests are decided and served from at one time.
type World struct {
	Snapshot *snapshot.Snapshot
	Table    *routing.Table
	// Challenges are answered before anything else; nil are none.
	Challenges *challenge.Answers

	rules    [][]shares // chunks of chunkRules, by routing.Rule.Index
	backends map[string]*Backend
	// weighted are the Rules that have a choice, by Route and place.
	weighted map[string]*weighted
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
	// Gone are the keys of Routes that are no more.
	Gone []string

	updates []update
	retired []*Endpoint
	// moved: a Backend is gone, is another one, or has another name.
	moved bool
	// renamed are the names that Backends are about to get.
	renamed map[*Backend]string
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
	if last == nil {
		last = &World{Snapshot: &snapshot.Snapshot{}, Table: &routing.Table{}}
	}
	table, difference, err := last.Table.Next(s)
	if err != nil {
		return nil, nil, err
	}
	w := &World{Snapshot: s, Table: table, Challenges: challenge.New(s.Challenges, last.Challenges), backends: make(map[string]*Backend, len(s.Backends))}
	c := &Change{Gone: goneOf(table, difference), renamed: map[*Backend]string{}}
	for i := range s.Backends {
		w.takeBackend(last, &s.Backends[i], c)
	}
	for i := range last.Snapshot.Backends {
		id := last.Snapshot.Backends[i].ID
		if old := last.backends[id]; old != nil && old != w.backends[id] {
			c.moved = true
			c.retired = append(c.retired, old.Endpoints()...)
		}
	}
	if c.moved {
		return w, c, w.connectAll(last, c)
	}
	return w, c, w.connect(last, difference, c)
}

// goneOf are the keys in d that t has no more. One key may be that of two Routes.
func goneOf(t *routing.Table, d routing.Difference) []string {
	gone := map[string]bool{}
	for r := range d.Gone {
		gone[r.Key] = true
	}
	for r := range d.Came {
		delete(gone, r.Key)
	}
	if len(gone) > 0 {
		for r := range t.Rules {
			delete(gone, r.Key)
		}
	}
	return slices.Collect(maps.Keys(gone))
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
	if b.Name() != spec.Name {
		c.moved, c.renamed[b] = true, spec.Name
	}
	list, retired := b.merge(spec)
	c.updates = append(c.updates, update{b, spec.Name, list})
	c.retired = append(c.retired, retired...)
}
