package routing

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

// dice makes small worlds in which everything collides.
type dice struct{ *rand.Rand }

func pick[T any](d dice, of ...T) T { return of[d.IntN(len(of))] }

func (d dice) snapshot() *snapshot.Snapshot {
	s := &snapshot.Snapshot{}
	for i := range 1 + d.IntN(6) {
		s.Routes = append(s.Routes, d.route(fmt.Sprint("r", i)))
	}
	return s
}

// next is s with some Routes taken away, changed, put elsewhere and added.
func (d dice) next(s *snapshot.Snapshot) *snapshot.Snapshot {
	next := &snapshot.Snapshot{}
	for _, r := range s.Routes {
		switch d.IntN(6) {
		case 0:
		case 1:
			next.Routes = append(next.Routes, d.route(r.Key))
		default:
			next.Routes = append(next.Routes, r)
		}
	}
	for d.IntN(2) == 0 {
		at := d.IntN(len(next.Routes) + 1)
		next.Routes = slices.Insert(next.Routes, at, d.route(fmt.Sprint("n", d.IntN(1000))))
	}
	if len(next.Routes) > 1 && d.IntN(3) == 0 {
		last := len(next.Routes) - 1
		next.Routes[0], next.Routes[last] = next.Routes[last], next.Routes[0]
	}
	return next
}

func (d dice) route(key string) *snapshot.Route {
	r := &snapshot.Route{
		Key: key, TLS: pick(d, snapshot.TLSNone, snapshot.TLSTerminate, snapshot.TLSTerminate, snapshot.TLSPassthrough),
		InClear: d.IntN(3) == 0, MinVersion: pick(d, "", "1.2", "1.3"),
	}
	for range 1 + d.IntN(2) {
		r.Hosts = append(r.Hosts, pick(d, "a.x", "b.a.x", "x", "*.x", "*.a.x", "*", "y"))
		r.Certificates = append(r.Certificates, pick(d, "A", "B", "C"))
	}
	rules := 1 + d.IntN(pick(d, 2, 2, 20))
	if r.TLS == snapshot.TLSPassthrough {
		rules = 1
	}
	for j := range rules {
		r.Rules = append(r.Rules, d.rule(fmt.Sprint(j)))
	}
	return r
}

func (d dice) rule(name string) snapshot.Rule {
	rule := snapshot.Rule{Name: name}
	for range 1 + d.IntN(3) {
		m := snapshot.Match{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: pick(d, "/", "/a", "/a/b", "/a/b/", "/b", "/a//b")}}
		switch d.IntN(4) {
		case 0:
			m.Path = snapshot.PathMatch{Type: snapshot.Exact, Value: pick(d, "/", "/a", "/a/", "/a/b")}
		case 1:
			m.Path = snapshot.PathMatch{Type: snapshot.RegularExpression, Value: pick(d, "/a|/a/b", "/.*", "/a/[a-c]", "/|/b/")}
		}
		m.Method = pick(d, "", "", "GET", "POST")
		kind := func() snapshot.MatchType { return pick(d, snapshot.Exact, snapshot.RegularExpression) }
		for range d.IntN(3) {
			m.Headers = append(m.Headers, snapshot.ValueMatch{Type: kind(), Name: pick(d, "X-A", "X-B"), Value: pick(d, "1", "2", "1,2")})
		}
		for range d.IntN(3) {
			m.Query = append(m.Query, snapshot.ValueMatch{Type: kind(), Name: pick(d, "p", "q"), Value: pick(d, "1", "2", "")})
		}
		rule.Matches = append(rule.Matches, m)
	}
	return rule
}

func (d dice) request() (Listener, Request) {
	names := []string{"a.x", "b.a.x", "x", "c.x", "y", "z", "d.c.a.x", ".x", ""}
	r := Request{
		Host: pick(d, names...) + pick(d, "", ":80", ".", ".:8443"), SNI: pick(d, names...), Method: pick(d, "GET", "POST", "PUT"),
		Path:     pick(d, "", "/", "/a", "/a/", "/a/b", "/a/b/c", "/ab", "/b", "/b/", "//", "/a//b", "*"),
		RawQuery: pick(d, "", "p=1", "q=2&p=1", "p=2&p=1", "%70=1", "p", "p=%zz&p=1", "&&q=1"),
	}
	if d.IntN(3) > 0 {
		r.SNI = r.Host[:len(r.Host)-len(r.Host[strings.IndexAny(r.Host+":", ":"):])]
	}
	h := http.Header{}
	for range d.IntN(4) {
		h.Add(pick(d, "X-A", "X-B"), pick(d, "1", "2"))
	}
	r.Headers = h
	return Listener(d.IntN(2)), r
}

func verdictOf(res Result) verdict {
	v := verdict{outcome: res.Outcome, pattern: res.Pattern}
	if res.Rule != nil {
		v.route, v.rule = res.Rule.Route.Key, res.Rule.Spec.Name
		for i := range res.Rule.Spec.Matches {
			if res.Match == &res.Rule.Spec.Matches[i] {
				v.match = i
			}
		}
	}
	return v
}

// compareWithNaive asks a Table, and those that are made of it one after the other.
func compareWithNaive(t *testing.T, seed uint64) {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	s := d.snapshot()
	table, err := NewTable(s)
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		askBoth(t, seed, d, s, table)
		last := table
		s = d.next(s)
		var difference Difference
		if table, difference, err = last.Next(s); err != nil {
			t.Fatal(err)
		}
		checkDifference(t, seed, last, table, difference)
	}
}

// checkDifference expects each Rule to be where its Index says, and the same as
// before or in the Difference.
func checkDifference(t *testing.T, seed uint64, last, next *Table, d Difference) {
	t.Helper()
	before, after, came := map[*Rule]int32{}, map[int32]*Rule{}, 0
	for r := range last.Rules {
		before[r] = r.Index
	}
	for r := range d.Gone {
		if _, ok := before[r]; !ok {
			t.Fatalf("seed %d: rule %s %s is gone, and was not there", seed, r.Key, r.Name)
		}
		delete(before, r)
	}
	for range d.Came {
		came++
	}
	for r := range next.Rules {
		if after[r.Index] != nil || int(r.Index) >= next.Size() {
			t.Fatalf("seed %d: rule %s %s has the index %d of %d", seed, r.Key, r.Name, r.Index, next.Size())
		}
		after[r.Index] = r
		if i, ok := before[r]; !ok {
			came--
		} else if i != r.Index {
			t.Fatalf("seed %d: rule %s %s changed its index", seed, r.Key, r.Name)
		}
	}
	if came != 0 {
		t.Fatalf("seed %d: %d rules more than those that came", seed, -came)
	}
}

func askBoth(t *testing.T, seed uint64, d dice, s *snapshot.Snapshot, table *Table) {
	t.Helper()
	for range 15 {
		l, r := d.request()
		got, want := verdictOf(table.Match(l, r)), naive{s}.match(l, r)
		if got != want {
			t.Fatalf("seed %d: %v %+v\n got %+v\nwant %+v\nroutes %+v", seed, l, r, got, want, s.Routes)
		}
		e := table.Explain(l, r)
		if e.TLS != nil && e.TLS.Outcome != "Terminate" {
			if e.Outcome != e.TLS.Outcome || e.Route != e.TLS.Route {
				t.Fatalf("seed %d: %v %+v: explained as %+v", seed, l, r, e)
			}
			continue
		}
		if e.Outcome != got.outcome.String() || e.Pattern != got.pattern || e.Route != got.route || e.Rule != got.rule || e.Match != got.match {
			t.Fatalf("seed %d: %v %+v\nexplained as %+v\nbut it is    %+v", seed, l, r, e, got)
		}
	}
}

func TestTableDecidesAsTheNaiveMatcherDoes(t *testing.T) {
	for seed := range uint64(1500) {
		compareWithNaive(t, seed)
	}
}

func FuzzTableDecidesAsTheNaiveMatcherDoes(f *testing.F) {
	f.Add(uint64(1))
	f.Fuzz(compareWithNaive)
}

func FuzzQueryValue(f *testing.F) {
	f.Add("a=1&b=%20+", "b")
	f.Fuzz(func(t *testing.T, raw, name string) {
		if strings.Contains(raw, ";") {
			return // net/url refuses these, servers pass them on
		}
		r := Request{Method: "GET", Path: "/", RawQuery: raw, Headers: http.Header{}}
		got, ok := QueryValue(raw, name)
		m := snapshot.Match{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: "/"}, Query: []snapshot.ValueMatch{{Type: snapshot.Exact, Name: name, Value: got}}}
		if ok != naiveMatches(&found{m: &m}, r) {
			t.Errorf("%q of %q: %q, %v", name, raw, got, ok)
		}
	})
}
