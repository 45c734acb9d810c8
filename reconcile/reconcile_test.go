package reconcile

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/reconcile/plan"
)

func demoObject() plan.Object {
	return plan.Object{Key: "demo", Generation: 1, Created: time.Unix(1, 0), Route: &v1alpha1.Route{
		Metadata: v1alpha1.ObjectMeta{Name: "demo"},
		Spec:     v1alpha1.RouteSpec{Hosts: []string{"demo.local"}, Backend: &v1alpha1.Backend{Service: "demo", Port: 8080}},
	}}
}

func demoWorld() plan.World {
	return plan.World{
		Swarm:    true,
		Services: []plan.Service{{ID: "s1", Name: "demo", Networks: []string{"n1"}, Desired: 1}},
		Networks: []plan.Network{{ID: "n1", Name: "demo"}},
		Tasks:    []plan.Task{{ID: "t1", ServiceID: "s1", Running: true, Addresses: []plan.TaskAddress{{Network: "n1", IP: "10.0.1.2"}}}},
	}
}

func newLoop(w *fakeWorld) *Reconciler {
	return New(Config{Source: w, Observer: w, Publisher: w, Actor: w, Reporter: w, Tenders: &plan.TenderSpec{Scope: "here"}})
}

func TestOnePassServesReportsAndCreatesTheTender(t *testing.T) {
	w := newFakeWorld(demoObject(), demoWorld())
	p, err := newLoop(w).Reconcile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got := w.published.Load(); got == nil || got.Version != p.Snapshot.Version || len(got.Backends[0].Endpoints) != 1 {
		t.Errorf("published %+v", got)
	}
	if len(w.actions) != 1 || w.actions[0].CreateTender == nil || w.actions[0].CreateTender.Network != "n1" {
		t.Errorf("actions %+v", w.actions)
	}
	s := w.statuses["demo"]
	for _, c := range []string{v1alpha1.Accepted, v1alpha1.ResolvedRefs, v1alpha1.Programmed} {
		if !s.Is(c, 1) {
			t.Errorf("%s is not True: %+v", c, s.Conditions)
		}
	}
	if c, _ := s.Get(v1alpha1.Ready); c.Reason != v1alpha1.ReasonProgressing {
		t.Errorf("Ready before the tender runs: %+v", c)
	}
}

func TestAnUnchangedWorldPublishesAndReportsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld(demoObject(), demoWorld())
		run(t, newLoop(w))
		time.Sleep(time.Minute)
		if n := w.publishes.Load(); n != 1 {
			t.Errorf("published %d times", n)
		}
		if n := w.reports.Load(); n != 1 {
			t.Errorf("reported %d times", n)
		}
	})
}

func TestAnUnchangedWorldIsPlannedOnceAMinute(t *testing.T) {
	w := newFakeWorld(demoObject(), demoWorld())
	now := time.Unix(1e9, 0)
	r := New(Config{Source: w, Observer: w, Publisher: w, Actor: w, Reporter: w, Now: func() time.Time { return now }})
	pass := func() *plan.Plan {
		t.Helper()
		p, err := r.Reconcile(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	pass()
	at := pass() // with the statuses that the first has stored
	now = now.Add(time.Second)
	if pass() != at {
		t.Error("planned anew although nothing changed")
	}
	now = now.Add(time.Minute)
	later := pass()
	if later == at {
		t.Error("a certificate may have ended in a minute")
	}
	if later.Snapshot != at.Snapshot {
		t.Error("one Snapshot is in memory twice")
	}
	w.setTaskGone()
	if n := len(pass().Snapshot.Backends[0].Endpoints); n != 0 {
		t.Errorf("%d endpoints after the task went", n)
	}
}

func TestAWakeAfterAPassAtRestIsAnsweredAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld(demoObject(), demoWorld())
		w.world.Swarm = false
		r := newLoop(w)
		run(t, r)
		for before := w.observed.Load(); w.observed.Load() < before+5; {
			time.Sleep(time.Millisecond)
		}
		before := w.observed.Load() // a pass is over since a millisecond
		r.Trigger.Set()
		time.Sleep(5 * time.Millisecond)
		if n := w.observed.Load() - before; n != 1 {
			t.Errorf("%d passes 5 ms after a wake, want 1", n)
		}
	})
}

func TestAPublishThatFailsIsTriedAgain(t *testing.T) {
	w := newFakeWorld(demoObject(), demoWorld())
	w.publishErr = errors.New("no room")
	r := newLoop(w)
	for range 2 {
		if _, err := r.Reconcile(t.Context()); !errors.Is(err, w.publishErr) {
			t.Errorf("error %v", err)
		}
	}
	if len(w.statuses) != 0 {
		t.Errorf("statuses of what is not served: %v", w.statuses)
	}
	w.publishErr = nil
	if _, err := r.Reconcile(t.Context()); err != nil || w.published.Load() == nil || !w.statuses["demo"].Is(v1alpha1.Programmed, 1) {
		t.Errorf("error %v, statuses %v", err, w.statuses)
	}
}

func TestAtRestOnePassASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld(demoObject(), demoWorld())
		w.world.Services = append(w.world.Services, plan.Service{ID: "x", Name: "tender", Labels: map[string]string{
			plan.LabelTender: "here", plan.LabelTenderNetwork: "n1"}})
		w.world.Tasks = append(w.world.Tasks, plan.Task{ID: "x1", ServiceID: "x", Running: true})
		run(t, newLoop(w))
		time.Sleep(10 * time.Second)
		before := w.observed.Load()
		time.Sleep(60 * time.Second)
		if n := w.observed.Load() - before; n < 55 || n > 61 {
			t.Errorf("observed %d times in a minute", n)
		}
	})
}

func TestWhileAServiceUpdatesPassesAreFast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		world := demoWorld()
		world.Services[0].Updating = true
		w := newFakeWorld(demoObject(), world)
		run(t, newLoop(w))
		time.Sleep(time.Second)
		before := w.observed.Load()
		time.Sleep(10 * time.Second)
		if n := w.observed.Load() - before; n < 40 || n > 101 {
			t.Errorf("observed %d times in 10 s, want 4 to 10 a second", n)
		}
	})
}

func TestAWakeIsAnsweredAtOnceAndAStormIsGathered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld(demoObject(), demoWorld())
		r := newLoop(w)
		run(t, r)
		time.Sleep(5*time.Second + 300*time.Millisecond)
		before := w.observed.Load()
		r.Trigger.Set()
		time.Sleep(20 * time.Millisecond)
		if n := w.observed.Load() - before; n != 1 {
			t.Errorf("%d passes 20 ms after a wake, want 1", n)
		}
		before = w.observed.Load()
		for range 1000 {
			r.Trigger.Set()
			time.Sleep(time.Millisecond)
		}
		if n := w.observed.Load() - before; n > 12 {
			t.Errorf("%d passes in a second of wakes, want at most 10 or so", n)
		}
	})
}

func TestAFailingSwarmChangesNothingAndIsAskedLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newFakeWorld(demoObject(), demoWorld())
		run(t, newLoop(w))
		time.Sleep(2 * time.Second)
		w.setErr(errors.New("no such socket"))
		before, published := w.observed.Load(), w.published.Load()
		time.Sleep(time.Minute)
		if n := w.observed.Load() - before; n > 25 {
			t.Errorf("asked %d times in a minute of failures", n)
		}
		if w.published.Load() != published || w.publishes.Load() != 1 {
			t.Error("a failure of the swarm changed what is served")
		}
		w.setErr(nil)
		w.setTaskGone()
		time.Sleep(6 * time.Second)
		if n := len(w.published.Load().Backends[0].Endpoints); n != 0 {
			t.Errorf("%d endpoints after the swarm came back, want 0", n)
		}
	})
}

func TestAnActionThatFailsIsTakenAgainAndBlocksNothing(t *testing.T) {
	w := newFakeWorld(demoObject(), demoWorld())
	w.actErr = errors.New("no image")
	r := newLoop(w)
	if _, err := r.Reconcile(t.Context()); err == nil || w.statuses["demo"].Conditions == nil {
		t.Errorf("error %v, statuses %v", err, w.statuses)
	}
	w.actErr = nil
	if _, err := r.Reconcile(t.Context()); err != nil || len(w.actions) != 1 {
		t.Errorf("error %v, actions %v", err, w.actions)
	}
}

// run starts r for the length of the test.
func run(t *testing.T, r *Reconciler) {
	ctx, cancel := context.WithCancel(t.Context())
	var done atomic.Bool
	go func() {
		if err := r.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("Run: %v", err)
		}
		done.Store(true)
	}()
	t.Cleanup(func() {
		cancel()
		synctest.Wait()
		if !done.Load() {
			t.Error("Run did not return")
		}
	})
}
