package reconcile

import (
	"context"
	"sync"
	"sync/atomic"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/reconcile/plan"
)

// fakeWorld is everything that a Reconciler talks to, in memory.
type fakeWorld struct {
	observed, publishes, reports atomic.Int64
	published                    atomic.Pointer[snapshot.Snapshot]

	mu         sync.Mutex // guards following
	objects    []*plan.Object
	world      plan.World
	err        error
	actErr     error
	publishErr error
	actions    []plan.Action
	statuses   map[string]*v1alpha1.Status
}

func newFakeWorld(o plan.Object, w plan.World) *fakeWorld {
	return &fakeWorld{objects: []*plan.Object{&o}, world: w, statuses: map[string]*v1alpha1.Status{}}
}

func (w *fakeWorld) setErr(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.err = err
}

func (w *fakeWorld) setTaskGone() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.world.Tasks = nil
}

func (w *fakeWorld) Objects(context.Context) ([]*plan.Object, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var objects []*plan.Object
	for _, o := range w.objects {
		o := *o
		o.Status = w.statuses[o.Key]
		objects = append(objects, &o)
	}
	return objects, nil
}

func (w *fakeWorld) Issuers() []plan.IssuerObject { return nil }

func (w *fakeWorld) Certificates() []plan.CertificateObject { return nil }

func (w *fakeWorld) Observe(context.Context) (plan.World, error) {
	w.observed.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.world, w.err
}

func (w *fakeWorld) Publish(_ context.Context, s *snapshot.Snapshot) error {
	w.publishes.Add(1)
	if w.publishErr != nil {
		return w.publishErr
	}
	w.published.Store(s)
	return nil
}

func (w *fakeWorld) Reports() []snapshot.Report {
	report := snapshot.Report{Plane: "fake"}
	if s := w.published.Load(); s != nil {
		report.Version = s.Version
	}
	return []snapshot.Report{report}
}

func (w *fakeWorld) Act(_ context.Context, a plan.Action) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.actErr != nil {
		return w.actErr
	}
	w.actions = append(w.actions, a)
	return nil
}

func (w *fakeWorld) Report(_ context.Context, statuses []plan.Status) error {
	w.reports.Add(1)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, s := range statuses {
		w.statuses[s.Key] = &s.Status
	}
	return nil
}
