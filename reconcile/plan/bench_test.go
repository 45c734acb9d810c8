package plan

import (
	"fmt"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// largeInput has a Service of tasks Tasks for each of the Routes, half of which
// terminate TLS with a certificate of their own.
func largeInput(routes, tasks int) Input {
	in := Input{Now: time.Unix(1e9, 0), Tenders: &TenderSpec{Scope: "node"}}
	in.World.Swarm = true
	in.World.Networks = []Network{{ID: "net0", Name: "shop"}}
	for i := range routes {
		name := fmt.Sprintf("service%05d", i)
		in.World.Services = append(in.World.Services, Service{ID: "id" + name, Name: name, Networks: []string{"net0"}, Desired: tasks})
		for j := range tasks {
			in.World.Tasks = append(in.World.Tasks, Task{
				ID: fmt.Sprintf("task%d%s-0123456789", (j*7)%tasks, name), ServiceID: "id" + name, Running: true,
				Addresses: []TaskAddress{{Network: "net0", IP: fmt.Sprintf("10.%d.%d.%d", j, i/250, i%250)}},
			})
		}
		r := &v1alpha1.Route{Metadata: v1alpha1.ObjectMeta{Name: name}, Spec: v1alpha1.RouteSpec{
			Hosts: []string{name + ".example.com"}, Backend: &v1alpha1.Backend{Service: name, Port: 8080},
		}}
		if i%2 == 0 {
			in.World.Secrets = append(in.World.Secrets, Secret{ID: "cert" + name, Name: name + ".cert"}, Secret{ID: "key" + name, Name: name + ".key"})
			r.Spec.TLS = &v1alpha1.RouteTLS{Mode: v1alpha1.TLSTerminate, SecretRefs: []v1alpha1.SecretRef{{Cert: name + ".cert", Key: name + ".key"}}}
		}
		in.Objects = append(in.Objects, &Object{Key: name, Generation: 1, Created: time.Unix(int64(i), 0), Route: r})
	}
	return in
}

func BenchmarkCompute10kRoutes50kTasks(b *testing.B) {
	in := largeInput(10_000, 5)
	// What is measured is the common pass: Tenders stand, the data plane serves,
	// statuses are stored.
	carryOut(&in.World, Compute(in).Actions)
	served := Compute(in).Snapshot
	in.Reports = []snapshot.Report{{Plane: "p", Version: served.Version, Certificates: allLoaded(served)}}
	for range 2 { // Programmed, then Ready
		statuses := Compute(in).Statuses
		for i := range statuses {
			in.Objects[i].Status = &statuses[i].Status
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		p := Compute(in)
		if len(p.Snapshot.Routes) != 10_000 || len(p.Actions) != 0 || p.Statuses[0].Changed {
			b.Fatalf("%d routes, %d actions, %+v", len(p.Snapshot.Routes), len(p.Actions), p.Statuses[0])
		}
	}
}

// BenchmarkDecideOneMore10k decides twice what to serve: one of 10,000 Routes to
// the same address comes, and goes.
func BenchmarkDecideOneMore10k(b *testing.B) {
	in := Input{Now: time.Unix(1e9, 0)}
	for i := range 10_000 {
		name := fmt.Sprintf("host%05d", i)
		in.Objects = append(in.Objects, &Object{Key: name, Generation: 1, Created: time.Unix(1e9, 0), Route: &v1alpha1.Route{
			Metadata: v1alpha1.ObjectMeta{Name: name},
			Spec:     v1alpha1.RouteSpec{Hosts: []string{name + ".example.com"}, Backend: &v1alpha1.Backend{Addresses: []string{"10.0.0.7:8080"}}},
		}})
	}
	b.ReportAllocs()
	last := in
	last.Objects = in.Objects[:len(in.Objects)-1]
	d := Decide(last)
	for b.Loop() {
		d = d.Next(in)
		if len(d.Snapshot.Routes) != len(in.Objects) {
			b.Fatal(len(d.Snapshot.Routes))
		}
		d = d.Next(last)
	}
}
