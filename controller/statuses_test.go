package main

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// desk is a writer of statuses over a fakeStore, for synctest.
type desk struct {
	*fakeStore
	t       *testing.T
	objects *objects
	writer  *statuses
	leads   atomic.Bool
	wrote   atomic.Int32
	log     bytes.Buffer
}

func newDesk(t *testing.T, records ...store.Record) *desk {
	d := &desk{fakeStore: &fakeStore{}, t: t}
	d.leads.Store(true)
	for _, r := range records {
		d.put(r)
	}
	d.objects = &objects{store: d.fakeStore}
	logger := slog.New(slog.NewTextHandler(&d.log, nil))
	d.writer = newStatuses(d.objects, d.leads.Load, func() { d.wrote.Add(1) }, logger)
	d.look()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = d.writer.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return d
}

// look lists the store anew, as the loop does after a change.
func (d *desk) look() {
	d.t.Helper()
	d.relist()
	if _, err := d.objects.Objects(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

// report reports, and waits until everything is written.
func (d *desk) report(statuses ...plan.Status) {
	d.t.Helper()
	if err := d.writer.Report(d.t.Context(), statuses); err != nil {
		d.t.Fatal(err)
	}
	synctest.Wait()
}

func (d *desk) mustHaveWritten(want ...string) {
	d.t.Helper()
	got := d.written()
	slices.Sort(got)
	if !slices.Equal(got, want) {
		d.t.Errorf("written: %q, want %q", got, want)
	}
}

func TestStatusesAreWrittenOnceUntilTheStoreIsListedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, route("a", 1, "a.local"), route("b", 1, "b.local"))
		d.report(statusOf("a", 1, "True"), statusOf("b", 1, "False"))
		d.mustHaveWritten("a Ready=True", "b Ready=False")
		if d.wrote.Load() != 1 {
			t.Errorf("told %d times that statuses were written, want once a batch", d.wrote.Load())
		}
		d.report(statusOf("a", 1, "True"), statusOf("b", 1, "False")) // the list is still the old one
		d.mustHaveWritten()
		if !strings.Contains(d.log.String(), "condition changed") || strings.Count(d.log.String(), "\n") != 2 {
			t.Errorf("the log says:\n%s", d.log.String())
		}
	})
}

func TestAStatusThatChangesBeforeTheStoreIsListedIsWrittenByTheNextPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, route("a", 1, "a.local"))
		d.report(statusOf("a", 1, "False"))
		d.mustHaveWritten("a Ready=False")
		d.report(statusOf("a", 1, "True")) // over a version that is gone: a conflict
		d.written()
		if strings.Contains(d.log.String(), "level=ERROR") {
			t.Errorf("a conflict is no error:\n%s", d.log.String())
		}
		d.look()
		d.report(statusOf("a", 1, "True"))
		d.mustHaveWritten("a Ready=True")
	})
}

func TestAStatusThatSomeoneElseOverwroteIsWrittenAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, route("a", 1, "a.local"))
		d.report(statusOf("a", 1, "True"))
		d.mustHaveWritten("a Ready=True")
		theirs := route("a", 1, "a.local")
		s := statusOf("a", 1, "False").Status
		theirs.Version, theirs.Status = 30, &s
		d.put(theirs)
		d.report(statusOf("a", 1, "True")) // nobody has seen it yet
		d.mustHaveWritten()
		d.look()
		d.report(statusOf("a", 1, "True"))
		d.mustHaveWritten("a Ready=True")
	})
}

func TestOnlyTheLeaderWritesStatuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, route("a", 1, "a.local"))
		d.leads.Store(false)
		d.report(statusOf("a", 1, "True"))
		d.mustHaveWritten()
		if d.wrote.Load() != 0 {
			t.Error("told that statuses were written")
		}
		d.leads.Store(true)
		d.report(statusOf("a", 1, "True"))
		d.mustHaveWritten("a Ready=True")
	})
}

func TestAStatusOfAnOlderGenerationOrOfARemovedObjectIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, route("a", 2, "a.local"))
		d.report(statusOf("a", 1, "True"), statusOf("gone", 1, "True"))
		d.mustHaveWritten()
	})
}

func TestAStatusThatTheAPIRefusesIsToldOfAndWrittenByTheNextPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, route("a", 1, "a.local"))
		d.fail(errAway)
		d.report(statusOf("a", 1, "True"))
		d.mustHaveWritten("a Ready=True") // tried
		if !strings.Contains(d.log.String(), "status was not written") {
			t.Errorf("the log says:\n%s", d.log.String())
		}
		d.fail(nil)
		d.report(statusOf("a", 1, "True"))
		d.mustHaveWritten("a Ready=True")
	})
}
