package live

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/metrics"
)

// drawNext is s with some Routes and Backends taken away, changed and added.
func drawNext(random *rand.Rand, s snapshot.Snapshot) snapshot.Snapshot {
	var next snapshot.Snapshot
	for id := range 5 {
		if b := backend(fmt.Sprint(id), "e"); random.IntN(8) > 0 {
			if random.IntN(8) == 0 {
				b.Protocol = snapshot.H2C
			}
			if random.IntN(8) == 0 {
				b.Name = "renamed"
			}
			next.Backends = append(next.Backends, b)
		}
	}
	isThere := func(ref snapshot.BackendRef) bool {
		return ref.Backend == "" || slices.ContainsFunc(next.Backends, func(b snapshot.Backend) bool { return b.ID == ref.Backend })
	}
	for _, r := range s.Routes {
		missing := slices.ContainsFunc(r.Rules, func(rule snapshot.Rule) bool {
			return slices.ContainsFunc(rule.Backends, func(ref snapshot.BackendRef) bool { return !isThere(ref) })
		})
		if !missing && random.IntN(5) > 0 {
			next.Routes = append(next.Routes, r)
		}
	}
	for range random.IntN(4) {
		r := &snapshot.Route{Key: fmt.Sprint("r", random.IntN(600)), Hosts: []string{"*"}}
		for i := range 1 + random.IntN(2) {
			rule := snapshot.Rule{Name: fmt.Sprint(i), Matches: []snapshot.Match{{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: "/"}}}}
			for range random.IntN(3) {
				if ref := (snapshot.BackendRef{Backend: fmt.Sprint(random.IntN(5)), Weight: random.IntN(3)}); isThere(ref) {
					rule.Backends = append(rule.Backends, ref)
				}
			}
			r.Rules = append(r.Rules, rule)
		}
		next.Routes = append(next.Routes, r)
	}
	return next
}

// sharesIn is what each Rule of w is served by.
func sharesIn(w *World) []string {
	var all []string
	for r := range w.Table.Rules {
		s := w.sharesOf(r)
		all = append(all, fmt.Sprint(r.Key, r.Name, s.at, s.weighted == nil, s.only == nil || s.only == w.backends[s.only.ID]))
		if s.only != nil {
			all = append(all, s.only.ID)
		}
		if s.weighted == nil {
			continue
		}
		all = append(all, fmt.Sprint(s.weighted.ids, s.weighted.weights, s.weighted.hashes))
		for i, b := range s.weighted.backends {
			all = append(all, fmt.Sprint(b == w.backends[s.weighted.ids[i]]))
		}
	}
	return all
}

func TestAWorldMadeOfTheLastOneIsTheSame(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		m := health.NewMonitor(health.Config{})
		var last *World
		s := snapshot.Snapshot{}
		for range 30 {
			before := s
			s = drawNext(random, s)
			w, c := build(t, last, s)
			c.Apply(m)
			scratch, _ := build(t, nil, s)
			if d := cmp.Diff(sharesIn(scratch), sharesIn(w)); d != "" {
				t.Fatalf("seed %d:\n%s", seed, d)
			}
			if len(w.weighted) > len(s.Routes)*2 {
				t.Fatalf("seed %d: %d choices of %d routes", seed, len(w.weighted), len(s.Routes))
			}
			if d := cmp.Diff(keysGone(before, s), sorted(c.Gone)); d != "" {
				t.Fatalf("seed %d: gone:\n%s", seed, d)
			}
			last = w
		}
	}
}

func keysGone(before, after snapshot.Snapshot) []string {
	var gone []string
	for _, r := range before.Routes {
		if !slices.ContainsFunc(after.Routes, func(o *snapshot.Route) bool { return o.Key == r.Key }) {
			gone = append(gone, r.Key)
		}
	}
	return slices.Compact(sorted(gone))
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

// A Rule that stays is counted where it was, also where others in its piece of
// memory are not; one that comes in the place of another is not counted there.
func TestCountsStayWithTheirRule(t *testing.T) {
	route := func(key string) *snapshot.Route {
		return &snapshot.Route{Key: key, Hosts: []string{key}, Rules: []snapshot.Rule{{Name: "0", Backends: []snapshot.BackendRef{{Backend: "b", Weight: 1}}}}}
	}
	stays, goes := route("stays"), route("goes")
	s := snapshot.Snapshot{Backends: []snapshot.Backend{backend("b", "e")}, Routes: []*snapshot.Route{goes, stays}}
	first, _ := build(t, nil, s)
	counted := map[string]*metrics.Route{}
	for r := range first.Table.Rules {
		counted[r.Key] = &metrics.Route{}
		first.Counts(r).Store(counted[r.Key])
	}
	s.Routes = []*snapshot.Route{stays, route("comes")}
	second, _ := build(t, first, s)
	for r := range second.Table.Rules {
		if got, want := second.Counts(r).Load(), counted[r.Key]; got != want {
			t.Errorf("%s is counted in %p, not in %p", r.Key, got, want)
		}
	}
	if size := second.Table.Size(); size != 2 {
		t.Errorf("two Rules have indices up to %d", size)
	}
	for r := range first.Table.Rules { // who serves a request still in the first World
		if first.Counts(r).Load() != counted[r.Key] {
			t.Errorf("%s lost its counts in the world before", r.Key)
		}
	}
}
