package dataplane

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// large is a Snapshot of n Routes with 5 Endpoints each; every second Route
// terminates TLS with a certificate of its own. Names are made anew for each
// call, as they are when a Snapshot comes out of a reconcile.
func large(n, generation int) *snapshot.Snapshot {
	s := snapshot.Snapshot{
		Routes: make([]*snapshot.Route, 0, n), Backends: make([]snapshot.Backend, 0, n), Certificates: make([]snapshot.Certificate, 0, n/2),
	}
	for i := range n {
		id := fmt.Sprintf("service%05d:8080", i)
		r := routeTo(fmt.Sprintf("service%05d.example.com", i), id)
		if i%2 == 0 {
			cert := fmt.Sprintf("certificate%05d", i)
			r = terminated(r, cert)
			s.Certificates = append(s.Certificates, certificateOf(cert))
		}
		s.Routes = append(s.Routes, r)
		b := snapshot.Backend{ID: id, Name: id, Network: "net0", Endpoints: make([]snapshot.Endpoint, 0, 5)}
		for j := range 5 {
			e := snapshot.Endpoint{ID: fmt.Sprintf("task%d-%05d-0123456789abcde", j, i), Address: fmt.Sprintf("10.%d.%d.%d:8080", j, i/250, i%250)}
			if i == 0 && j == 4 {
				e.ID = fmt.Sprint("task9-", generation) // one Endpoint is replaced
			}
			b.Endpoints = append(b.Endpoints, e)
		}
		s.Backends = append(s.Backends, b)
	}
	return s.Seal()
}

// BenchmarkPublish10kRoutes50kEndpoints is the common publish: ten thousand
// Routes, of which one has another Endpoint than before.
func BenchmarkPublish10kRoutes50kEndpoints(b *testing.B) {
	p, err := New(Config{})
	if err != nil {
		b.Fatal(err)
	}
	snapshots := []*snapshot.Snapshot{large(10_000, 0), large(10_000, 1)}
	if err := p.Publish(b.Context(), snapshots[1]); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	before := cpuTime(b)
	for i := 0; b.Loop(); i++ {
		if err := p.Publish(b.Context(), snapshots[i%2]); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

// cpuTime is what this process has used of all cores. On a shared machine it
// says more than the clock.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkFirstPublish10kRoutes50kEndpoints starts from nothing.
func BenchmarkFirstPublish10kRoutes50kEndpoints(b *testing.B) {
	s := large(10_000, 0)
	b.ReportAllocs()
	for b.Loop() {
		p, err := New(Config{})
		if err != nil {
			b.Fatal(err)
		}
		if err := p.Publish(b.Context(), s); err != nil {
			b.Fatal(err)
		}
	}
}
