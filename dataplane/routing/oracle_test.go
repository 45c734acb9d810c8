package routing

import (
	"fmt"
	"math/rand/v2"
	"net/http"
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
		r := &snapshot.Route{
			Key: fmt.Sprint("r", i), TLS: pick(d, snapshot.TLSNone, snapshot.TLSTerminate, snapshot.TLSTerminate, snapshot.TLSPassthrough),
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
		s.Routes = append(s.Routes, r)
	}
	return s
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

func compareWithNaive(t *testing.T, seed uint64) {
	d := dice{rand.New(rand.NewPCG(seed, 1))}
	s := d.snapshot()
	table, err := NewTable(s)
	if err != nil {
		t.Fatal(err)
	}
	for range 40 {
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
