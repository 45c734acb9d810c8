package routing

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

func manyRoutes(n int) *snapshot.Snapshot {
	s := &snapshot.Snapshot{}
	for i := range n {
		r := route(fmt.Sprintf("service%05d", i), "", fmt.Sprintf("service%05d.example.com", i), "/")
		if i%2 == 0 {
			r.TLS, r.Certificates = snapshot.TLSTerminate, []string{fmt.Sprint(i % 100)}
		}
		s.Routes = append(s.Routes, r)
	}
	return s
}

func BenchmarkNewTable10k(b *testing.B) {
	s := manyRoutes(10_000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := NewTable(s); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNextTable10k is for one Route more and one less among ten thousand.
func BenchmarkNextTable10k(b *testing.B) {
	s := manyRoutes(10_000)
	table, err := NewTable(s)
	if err != nil {
		b.Fatal(err)
	}
	last := len(s.Routes) - 1
	others := [2]*snapshot.Snapshot{{Routes: slices.Clone(s.Routes)}, s}
	others[0].Routes[last] = route("new", "", "new.example.com", "/")
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if table, _, err = table.Next(others[i%2]); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch1(b *testing.B)   { benchmarkMatch(b, 1) }
func BenchmarkMatch10k(b *testing.B) { benchmarkMatch(b, 10_000) }

func benchmarkMatch(b *testing.B, n int) {
	tb, err := NewTable(manyRoutes(n))
	if err != nil {
		b.Fatal(err)
	}
	r := Request{Host: fmt.Sprintf("service%05d.example.com:8443", (n-1)/2*2), Method: "GET", Path: "/some/path", Headers: http.Header{}}
	r.SNI = r.Host[:len(r.Host)-5]
	b.ReportAllocs()
	for b.Loop() {
		if tb.Match(TLS, r).Outcome != Found {
			b.Fatal("not found")
		}
	}
}
