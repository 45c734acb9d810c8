package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/doctor"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

// fakeCluster is a store and a swarm in memory, and an operator that looks when
// it is told to.
type fakeCluster struct {
	now     time.Time
	records []store.Record
	world   plan.World
	events  []swarm.Event
	// noSwarm: only the store is there.
	noSwarm bool
	// down is what every call says.
	down error
	// refused are the names that Put does not take.
	refused map[string]bool
	// reports are what the data plane said last, of which ejected is a part.
	reports []snapshot.Report
	ejected []string
	// names are what certificates are for that were made here, by the secret's name.
	names map[string][]string
	// engine is what doctor is told; ports are who holds one.
	engine swarm.Engine
	ports  map[string]string
	// lists counts the calls of List; before each, onList may change something.
	lists  int
	onList func(n int)
}

func newFakeCluster() *fakeCluster {
	return &fakeCluster{now: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)}
}

func (f *fakeCluster) connect(_ context.Context, o ConnOptions) (Cluster, error) {
	if o.Context != "" {
		return Cluster{}, fmt.Errorf("docker context %q does not exist; docker context ls lists all", o.Context)
	}
	c := Cluster{Store: f, Swarm: f, Secrets: f, Engine: f, Close: func() error { return nil }}
	c.Reports = func(context.Context, string) ([]snapshot.Report, error) { return f.reports, f.down }
	if f.noSwarm {
		c.Swarm, c.Secrets = nil, nil
	}
	return c, nil
}

func (f *fakeCluster) List(context.Context) ([]*store.Record, error) {
	f.lists++
	if f.onList != nil {
		f.onList(f.lists)
	}
	if f.down != nil {
		return nil, f.down
	}
	var list []*store.Record
	for _, r := range f.objects() {
		list = append(list, &r)
	}
	return list, nil
}

// objects are the newest generations, sorted by key.
func (f *fakeCluster) objects() []store.Record {
	var out []store.Record
	for _, r := range f.records {
		if f.newest(r.Kind, r.Key()).Generation == r.Generation {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b store.Record) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Key(), b.Key())) })
	return out
}

func (f *fakeCluster) newest(kind, key string) *store.Record {
	var newest *store.Record
	for i := range f.records {
		if r := &f.records[i]; r.Kind == kind && r.Key() == key && (newest == nil || r.Generation > newest.Generation) {
			newest = r
		}
	}
	return newest
}

// What the program puts in their place.
var (
	_ Store = (*store.Configs)(nil)
	_ Store = (*store.Directory)(nil)
	_ Swarm = (*swarm.Client)(nil)

	_ Engine  = (*swarm.Client)(nil)
	_ Secrets = (*swarm.Client)(nil)
)

func (f *fakeCluster) Put(_ context.Context, m store.Manifest) (store.Record, error) {
	if f.refused[m.Name] {
		return store.Record{}, store.ErrConflict
	}
	r := store.Record{
		Kind: m.Kind, Namespace: m.Namespace, Name: m.Name, Generation: 1, Created: f.now, AppliedAt: f.now,
		AppliedBy: m.AppliedBy, Origin: m.Origin, Data: m.Data,
	}
	if old := f.newest(r.Kind, r.Key()); old != nil {
		switch {
		case m.IfGeneration != 0 && m.IfGeneration != old.Generation:
			return store.Record{}, store.ErrConflict
		case bytes.Equal(old.Data, m.Data) && old.Origin == m.Origin:
			return *old, nil
		}
		r.Generation, r.Created = old.Generation+1, old.Created
	}
	r.Source = fmt.Sprintf("config fairlead.%s.%s.%d", strings.ToLower(r.Kind), r.Name, r.Generation)
	f.records = append(f.records, r)
	return r, nil
}

func (f *fakeCluster) Delete(_ context.Context, kind, key string) error {
	if f.newest(kind, key) == nil {
		return store.ErrNotFound
	}
	f.records = slices.DeleteFunc(f.records, func(r store.Record) bool { return r.Kind == kind && r.Key() == key })
	return nil
}

func (f *fakeCluster) History(_ context.Context, kind, key string) ([]store.Record, error) {
	var out []store.Record
	for _, r := range f.records {
		if r.Kind == kind && r.Key() == key {
			out = append(out, r)
		}
	}
	return out, nil
}

// WriteStatus fails as long as somebody else is to be first.
func (f *fakeCluster) WriteStatus(_ context.Context, r *store.Record, s v1alpha1.Status) error {
	newest := f.newest(r.Kind, r.Key())
	switch {
	case newest == nil:
		return store.ErrNotFound
	case newest.Version != r.Version || f.refused[r.Name]:
		return store.ErrConflict
	}
	newest.Status, newest.Version = &s, newest.Version+1
	return nil
}

func (f *fakeCluster) CreateSecret(_ context.Context, name string, labels map[string]string, data []byte) error {
	if slices.ContainsFunc(f.world.Secrets, func(s plan.Secret) bool { return s.Name == name }) || f.refused[name] {
		return fmt.Errorf("secret %s: %w", name, store.ErrConflict)
	}
	pair, err := tls.X509KeyPair(data, data)
	if err != nil {
		return err
	}
	f.addSecret(plan.Secret{Name: name, Certificate: labels[plan.LabelCertificate], Issued: plan.ReadIssued(labels)}, pair.Leaf.DNSNames)
	return nil
}

// addSecret adds one with a certificate for names.
func (f *fakeCluster) addSecret(s plan.Secret, names []string) {
	s.ID, s.Created = "id-"+s.Name, f.now
	f.world.Secrets = append(slices.Clone(f.world.Secrets), s)
	if f.names == nil {
		f.names = map[string][]string{}
	}
	f.names[s.Name] = names
}

func (f *fakeCluster) World(context.Context) (plan.World, error) { return f.world, f.down }

func (f *fakeCluster) Events(_ context.Context, since time.Time) ([]swarm.Event, error) {
	return slices.DeleteFunc(slices.Clone(f.events), func(e swarm.Event) bool { return e.Time.Before(since) }), f.down
}

// Engine is a healthy one, but for what a script changed.
func (f *fakeCluster) Engine(context.Context) (swarm.Engine, error) {
	e := f.engine
	e.Address, e.Name, e.State, e.Manager = "unix:///var/run/docker.sock", "n1", "active", true
	e.APIVersion = cmp.Or(e.APIVersion, "1.41")
	e.Time, e.Asked = f.now, f.now
	e.Members = append([]swarm.Member{{Name: "n1", State: "ready", Availability: "active", Manager: true, Reachable: true, Leader: true}}, e.Members...)
	return e, f.down
}

func (f *fakeCluster) IdleTenders(context.Context, plan.World) ([]swarm.IdleTender, error) {
	return nil, f.down
}

// port is free unless a script says who holds it.
func (f *fakeCluster) port(flag, address string) doctor.Port {
	p := doctor.Port{Flag: flag, Address: address}
	_, number, _ := strings.Cut(address, ":")
	p.Number, _ = strconv.Atoi(number)
	if holder := f.ports[number]; holder != "" {
		p.Err, p.Holder, p.Ours = syscall.EADDRINUSE, holder, holder == "fairlead"
	}
	return p
}

// operate is what the operator does: it makes the certificates that are wanted, and
// writes the statuses that follow from the objects and the swarm, with one data
// plane that serves everything and is on every network.
func (f *fakeCluster) operate() {
	for _, a := range plan.Compute(f.input()).Actions {
		if s := a.CreateSecret; s != nil && s.Certificate != nil {
			f.addSecret(plan.Secret{Name: s.Name, Certificate: s.Certificate.Certificate, Issued: s.Certificate.Issued, Cluster: s.Cluster}, s.Certificate.Names)
		}
	}
	in := f.input()
	s := plan.Compute(in).Snapshot
	report := snapshot.Report{Plane: "one", Version: s.Version, Ejected: f.ejected}
	for _, c := range s.Certificates {
		report.Certificates = append(report.Certificates, snapshot.CertificateReport{
			ID: c.ID, Name: c.Name, State: snapshot.CertificateLoaded, NotAfter: f.now.AddDate(1, 0, 0), Names: f.names[c.Name]})
	}
	in.Reports = []snapshot.Report{report}
	f.reports = in.Reports
	for _, status := range plan.Compute(in).Statuses {
		r := f.newest(cmp.Or(status.Kind, v1alpha1.KindRoute), status.Key)
		r.Status, r.Version = &status.Status, r.Version+1
	}
}

// input is what the operator sees.
func (f *fakeCluster) input() plan.Input {
	in := plan.Input{Now: f.now, World: f.world}
	for _, n := range f.world.Networks {
		in.World.Attached = append(in.World.Attached, n.ID)
	}
	for _, r := range f.objects() {
		switch o := newObject(r); o.kind {
		case routeKind:
			in.Objects = append(in.Objects, o.planObject())
		case issuerKind:
			in.Issuers = append(in.Issuers, o.planIssuer())
		case certificateKind:
			in.Certificates = append(in.Certificates, o.planCertificate())
		}
	}
	return in
}
