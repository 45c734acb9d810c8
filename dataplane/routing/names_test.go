package routing

import (
	"fmt"
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
