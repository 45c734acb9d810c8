package routing

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestNamesAreFoundAndOthersAreNot(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 127, 128, 1000, 5000} {
		var parts []*part
		for i := range n {
			parts = append(parts, &part{route: &snapshot.Route{Hosts: []string{fmt.Sprintf("h%d.bench", i), "*.bench"}}})
		}
		x := newNames(parts, onPlain)
		for i := range n {
			x.add(fmt.Sprintf("h%d.bench", i))
		}
		x.gather()
		for i := range n {
			if h := x.find(fmt.Sprintf("h%d.bench", i)); h == nil || h.pattern != fmt.Sprintf("h%d.bench", i) {
				t.Fatalf("of %d, name %d gave %v", n, i, h)
			}
		}
		if h := x.find("other.bench"); h != nil {
			t.Errorf("of %d, another name gave %v", n, h)
		}
		seen := map[*host]bool{}
		for h := range x.each {
			seen[h] = true
		}
		if len(seen) != n || x.count != n {
			t.Errorf("each gave %d and count %d of %d", len(seen), x.count, n)
		}
	}
}

// BenchmarkMatchAnyOf10k asks for all hosts in an order that no cache likes.
func BenchmarkMatchAnyOf10k(b *testing.B) {
	s := manyRoutes(10_000)
	tb, err := NewTable(s)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		host := s.Routes[i*7919%len(s.Routes)].Hosts[0]
		if tb.Match(Plain, Request{Host: host, Method: "GET", Path: "/some/path"}).Rule == nil {
			b.Fatal("not found")
		}
	}
}

// Thousands of names come and go, some of several Routes, and each Table finds
// those that it has and no others.
func TestNamesAreFoundInTableAfterTable(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	draw := func() *snapshot.Route {
		host := fmt.Sprintf("h%d.x", random.IntN(4000))
		return route(fmt.Sprint("r", random.Int()), pick(dice{random}, snapshot.TLSNone, snapshot.TLSTerminate), host, "/")
	}
	s, table := &snapshot.Snapshot{}, &Table{}
	for range 2000 {
		s.Routes = append(s.Routes, draw())
	}
	for round := range 60 {
		var err error
		if table, _, err = table.Next(s); err != nil {
			t.Fatal(err)
		}
		want := map[string]string{}
		for _, r := range s.Routes {
			if _, ok := want[r.Hosts[0]]; !ok || r.TLS == snapshot.TLSNone && want[r.Hosts[0]] == "" {
				want[r.Hosts[0]] = ""
				if r.TLS == snapshot.TLSNone {
					want[r.Hosts[0]] = r.Key + " /"
				}
			}
		}
		for i := range 4000 {
			host := fmt.Sprintf("h%d.x", i)
			first, there := want[host]
			switch {
			case !there:
				first = "NotFound"
			case first == "":
				first = "RedirectToHTTPS"
			}
			if got := get(table, host, "/a"); got != first {
				t.Fatalf("round %d: %s is %s, want %s", round, host, got, first)
			}
		}
		if table.plain.exact.count != len(want) {
			t.Fatalf("round %d: %d names of %d", round, table.plain.exact.count, len(want))
		}
		next := slices.Clone(s.Routes)
		for range random.IntN(20) {
			at := random.IntN(len(next))
			next = slices.Delete(next, at, at+1)
		}
		for range random.IntN(20) {
			next = slices.Insert(next, random.IntN(len(next)), draw())
		}
		s = &snapshot.Snapshot{Routes: next}
	}
}
