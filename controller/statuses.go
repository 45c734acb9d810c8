package main

import (
	"context"
	"errors"
	"log/slog"
	"reflect"
	"strings"
	"sync"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// statuses writes statuses to the store beside the loop, which must not wait:
// after a restart there may be thousands. Only the leader writes.
type statuses struct {
	objects *objects
	// leads says whether this instance is the leader.
	leads func() bool
	// wrote is called after statuses were written.
	wrote  func()
	logger *slog.Logger
	wake   chan struct{}

	mu      sync.Mutex // guards following
	wanted  map[string]plan.Status
	written map[string]writtenStatus
}

// writtenStatus is what was written over a version of a record. It counts
// until the store is listed again.
type writtenStatus struct {
	version uint64
	status  plan.Status
}

func newStatuses(o *objects, leads func() bool, wrote func(), logger *slog.Logger) *statuses {
	return &statuses{
		objects: o, leads: leads, wrote: wrote, logger: logger, wake: make(chan struct{}, 1),
		wanted: map[string]plan.Status{}, written: map[string]writtenStatus{},
	}
}

// Report takes the statuses that changed; the newest of an object counts.
func (s *statuses) Report(_ context.Context, changed []plan.Status) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range changed {
		if !s.isWritten(c) {
			s.wanted[identify(c)] = c
		}
	}
	if len(s.wanted) > 0 {
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

// identify is what an object is known by among those of all kinds.
func identify(s plan.Status) string { return s.Kind + " " + s.Key }

// isWritten says that c was written already, and the store was not listed since.
func (s *statuses) isWritten(c plan.Status) bool {
	w, ok := s.written[identify(c)]
	if !ok {
		return false
	}
	if r, ok := s.objects.record(c.Kind, c.Key); !ok || r.Version != w.version {
		delete(s.written, identify(c))
		return false
	}
	return w.status.Generation == c.Generation && sameStatus(w.status.Status, c.Status)
}

// sameStatus compares all but the times of transitions.
func sameStatus(a, b v1alpha1.Status) bool {
	if a.ReadyEndpoints != b.ReadyEndpoints || !reflect.DeepEqual(a.Certificate, b.Certificate) || len(a.Conditions) != len(b.Conditions) {
		return false
	}
	for i := range a.Conditions {
		x, y := a.Conditions[i], b.Conditions[i]
		x.LastTransitionTime = y.LastTransitionTime
		if !reflect.DeepEqual(x, y) {
			return false
		}
	}
	return true
}

// Run writes until ctx ends.
func (s *statuses) Run(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.wake:
			s.writeAll(ctx)
		}
	}
}

func (s *statuses) writeAll(ctx context.Context) {
	s.mu.Lock()
	batch := s.wanted
	s.wanted = map[string]plan.Status{}
	s.mu.Unlock()
	if !s.leads() {
		return
	}
	for _, status := range batch {
		if ctx.Err() != nil {
			return
		}
		s.write(ctx, status)
	}
	s.wrote()
}

// write leaves what someone else was first with for the next pass.
func (s *statuses) write(ctx context.Context, status plan.Status) {
	r, ok := s.objects.record(status.Kind, status.Key)
	if !ok || r.Generation != status.Generation {
		return
	}
	err := s.objects.store.WriteStatus(ctx, r, status.Status)
	switch {
	case err == nil:
		if r.Version != 0 { // without, the store lists at once what was written
			s.mu.Lock()
			s.written[identify(status)] = writtenStatus{r.Version, status}
			s.mu.Unlock()
		}
		s.logChange(r, status)
	case errors.Is(err, store.ErrConflict), errors.Is(err, store.ErrNotFound), ctx.Err() != nil:
	default:
		s.logger.Error("status was not written", strings.ToLower(r.Kind), r.Key(), "error", err)
	}
}

// logChange tells of Conditions that turned.
func (s *statuses) logChange(r *store.Record, status plan.Status) {
	for _, c := range status.Status.Conditions {
		old, ok := r.Status.Get(c.Type)
		if ok && old.Status == c.Status && old.Reason == c.Reason {
			continue
		}
		s.logger.Info("condition changed", strings.ToLower(r.Kind), r.Key(), "generation", status.Generation,
			"condition", c.Type, "status", string(c.Status), "reason", c.Reason, "message", c.Message)
	}
}
