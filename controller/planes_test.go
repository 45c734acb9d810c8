package main

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

// newPlanes is how the data plane on node n1 shares Reports.
func newPlanes(api store.API, own func() snapshot.Report) *planes {
	reports := store.NewPlanes(api, "")
	return &planes{
		home: swarm.Home{NodeID: "n1", TaskID: "t1"}, own: own, served: func() *snapshot.Snapshot { return nil },
		direct: reports, cached: reports, logger: silent(), wake: make(chan struct{}, 1),
	}
}

func report(version string) snapshot.Report {
	return snapshot.Report{Plane: "p-" + version, Version: version}
}

// storeReport writes the Report of the data plane on another node.
func storeReport(t *testing.T, api store.API, node, task string, r snapshot.Report) {
	t.Helper()
	if err := store.NewPlanes(api, "").Write(t.Context(), node, task, r); err != nil {
		t.Fatal(err)
	}
}

// versions are those of all Reports.
func (p *planes) versions() []string {
	var out []string
	for _, r := range p.reports() {
		out = append(out, r.Version)
	}
	return out
}

func TestTheReportOfATaskCountsAsLongAsSwarmSaysThatItRuns(t *testing.T) {
	ready := []plan.Node{{ID: "n2", Ready: true}}
	running := []plan.Task{{ID: "t2", Running: true}}
	for _, c := range []struct {
		name  string
		task  string
		world plan.World
		since time.Duration
		want  bool
	}{
		{"its task runs, though it said nothing for an hour", "t2", plan.World{Nodes: ready, Tasks: running}, time.Hour, true},
		{"its task is starting", "t2", plan.World{Nodes: ready, Tasks: []plan.Task{{ID: "t2"}}}, 0, false},
		{"its task is gone", "t2", plan.World{Nodes: ready}, 0, false},
		{"its node is down", "t2", plan.World{Nodes: []plan.Node{{ID: "n2"}}, Tasks: running}, 0, false},
		{"a process that wrote a moment ago", "", plan.World{Nodes: ready}, reportBeat, true},
		{"a process that has not written for long", "", plan.World{Nodes: ready}, reportDead, false},
		{"a process on a node that is down", "", plan.World{Nodes: []plan.Node{{ID: "n2"}}}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := lives(store.PlaneRecord{Node: "n2", Task: c.task}, &c.world, c.since); got != c.want {
				t.Errorf("lives: %v", got)
			}
		})
	}
}

func TestAProcessThatWritesNoMoreIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		p := newPlanes(api, func() snapshot.Report { return report("own") })
		storeReport(t, api, "n1", "t1", report("stored before"))
		storeReport(t, api, "n2", "", report("other"))
		w := plan.World{Nodes: []plan.Node{{ID: "n1", Ready: true}, {ID: "n2", Ready: true}}}
		look := func(want ...string) {
			t.Helper()
			if err := p.refresh(t.Context(), &w); err != nil || !slices.Equal(p.versions(), want) {
				t.Errorf("%v, %v, want %v", p.versions(), err, want)
			}
		}
		look("own", "other") // ours is not read back
		time.Sleep(reportDead - time.Second)
		look("own", "other")
		storeReport(t, api, "n2", "", report("other"))
		look("own", "other")
		time.Sleep(reportDead - time.Second)
		look("own", "other") // it is counted from the newest write
		time.Sleep(time.Second)
		look("own")
		storeReport(t, api, "n2", "", report("back"))
		look("own", "back")
	})
}

func TestReportsThatCannotBeReadLeaveThoseOfBefore(t *testing.T) {
	api := &fakeAPI{}
	p := newPlanes(api, func() snapshot.Report { return report("own") })
	storeReport(t, api, "n2", "", report("other"))
	if err := p.refresh(t.Context(), withNode("n2")); err != nil {
		t.Fatal(err)
	}
	api.set(func(f *fakeAPI) { f.err = errAway })
	if err := p.refresh(t.Context(), withNode("n2")); err == nil {
		t.Error("no error, so the pass goes on with what it did not see")
	}
	if got := p.versions(); !slices.Equal(got, []string{"own", "other"}) {
		t.Errorf("%v", got)
	}
}

// withNode is a World with one node.
func withNode(id string) *plan.World {
	return &plan.World{Nodes: []plan.Node{{ID: id, Ready: true}}}
}

func TestTheReportOfANodeThatLeftTheSwarmIsRemoved(t *testing.T) {
	api := &fakeAPI{}
	p := newPlanes(api, func() snapshot.Report { return report("own") })
	storeReport(t, api, "n2", "", report("stays"))
	storeReport(t, api, "n3", "", report("left"))
	if err := p.refresh(t.Context(), withNode("n2")); err != nil {
		t.Fatal(err)
	}
	p.removeLeft(t.Context())
	records, err := p.direct.List(t.Context())
	if err != nil || len(records) != 1 || records[0].Node != "n2" {
		t.Errorf("%+v, %v", records, err)
	}
	if got := p.versions(); !slices.Equal(got, []string{"own", "stays"}) {
		t.Errorf("%v", got)
	}
}

func TestLoadedCertificatesThatAStoredReportLeavesOutArePutBack(t *testing.T) {
	api := &fakeAPI{}
	p := newPlanes(api, func() snapshot.Report { return report("own") })
	served := &snapshot.Snapshot{Version: "v1", Certificates: []snapshot.Certificate{{ID: "a"}, {ID: "b"}, {ID: "c"}}}
	p.served = func() *snapshot.Snapshot { return served }
	r := report("v1")
	r.Certificates = []snapshot.CertificateReport{
		{ID: "a", State: snapshot.CertificateLoaded}, {ID: "b", State: snapshot.CertificatePending}, {ID: "c", State: snapshot.CertificateLoaded},
	}
	storeReport(t, api, "n2", "", r)
	states := func() map[string]snapshot.CertificateState {
		t.Helper()
		if err := p.refresh(t.Context(), withNode("n2")); err != nil {
			t.Fatal(err)
		}
		got := map[string]snapshot.CertificateState{}
		for _, c := range p.reports()[1].Certificates {
			got[c.ID] = c.State
		}
		return got
	}
	if got := states(); len(got) != 3 || got["a"] != snapshot.CertificateLoaded || got["b"] != snapshot.CertificatePending {
		t.Errorf("where it serves what we serve: %v", got)
	}
	served = &snapshot.Snapshot{Version: "v2", Certificates: served.Certificates}
	if got := states(); len(got) != 1 || got["b"] != snapshot.CertificatePending {
		t.Errorf("where it serves something else: %v", got)
	}
}

// runPlanes runs p until the test ends, or the returned function is called.
func runPlanes(t *testing.T, p *planes) (stop func()) {
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); _ = p.Run(ctx) }()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

func TestOurReportIsWrittenWhenItChangesButNotMoreOftenThanTheGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		api := &fakeAPI{}
		var asked atomic.Int32
		p := newPlanes(api, func() snapshot.Report { asked.Add(1); return report("v") })
		stop := runPlanes(t, p)
		writes := func() int {
			synctest.Wait()
			n := 0
			api.set(func(f *fakeAPI) { n = f.updates; f.updates = 0 })
			return n
		}
		if n := writes(); n != 1 {
			t.Errorf("%d writes at the start", n)
		}
		for range 50 {
			p.changed()
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(reportGap)
		if n := writes(); n < 1 || n > 2 {
			t.Errorf("%d writes of 50 changes in half a second", n)
		}
		time.Sleep(reportBeat + time.Second)
		if n := writes(); n != 1 {
			t.Errorf("%d writes in a minute without a change", n)
		}
		api.set(func(f *fakeAPI) { f.conflict = 1 })
		p.changed()
		time.Sleep(2 * reportGap)
		if n := writes(); n != 2 {
			t.Errorf("%d writes where the first is a conflict", n)
		}
		if got := api.names(); !slices.Equal(got, []string{"fairlead.plane.n1"}) {
			t.Errorf("stored: %v", got)
		}
		stop()
		if got := api.names(); len(got) != 0 {
			t.Errorf("stored after the end: %v", got)
		}
	})
}
