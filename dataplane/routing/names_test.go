package routing

import (
	"fmt"
	"testing"
)

func TestNamesAreFoundAndOthersAreNot(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 1000} {
		hosts := make([]host, n)
		x := newNames(n, hosts)
		for i := range hosts {
			hosts[i].pattern = fmt.Sprintf("h%d.bench", i)
			x.add(hosts[i].pattern, i)
		}
		gather(hosts)
		for i := range hosts {
			if h := x.find(fmt.Sprintf("h%d.bench", i)); h != &hosts[i] {
				t.Fatalf("of %d, name %d gave %v", n, i, h)
			}
		}
		if h := x.find("other.bench"); h != nil {
			t.Errorf("of %d, another name gave %v", n, h)
		}
		seen := map[*host]bool{}
		x.each(func(h *host) { seen[h] = true })
		if len(seen) != n {
			t.Errorf("each gave %d of %d", len(seen), n)
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
