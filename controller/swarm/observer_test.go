package swarm

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/hack/rig"
	"fairlead.dev/fairlead/reconcile/plan"
)

func TestAnEventHasOnlyThatListedWhichItConcerns(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	n := r.Node(0)
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	l := keepLookout(t, n.Host())
	l.mustLook()
	l.take()
	l.mustLook()
	if calls := l.take(); calls["list tasks"] != 1 || len(l.unexplained(calls, 0)) != 0 {
		t.Errorf("where nothing happens: %v", calls)
	}
	mark := 0
	for _, c := range []struct {
		kind, name string
		create     []string
	}{
		{"secret", "one", []string{"secret", "create", "one", "-"}},
		{"config", "object", []string{"config", "create", "--label", store.LabelKind + "=Route", "object", "-"}},
		{"config", store.PlanePrefix + "x", []string{"config", "create", "--label", store.LabelPlane + "=x", store.PlanePrefix + "x", "-"}},
		{"node", n.Name, []string{"node", "update", "--label-add", "seen=yes", n.Name}},
		{"network", "front", []string{"network", "create", "--driver", "overlay", "front"}},
		{"service", "web", []string{"service", "create", "--detach", "--name", "web", "--replicas", "0", "--endpoint-mode", "dnsrr", image}},
	} {
		wakes, before := l.wakes.Load(), mark
		mark = len(l.Recent())
		n.DockerInput(t, "data", c.create...)
		l.awaitEvent(c.kind, c.name)
		l.awaitWakes(wakes + 1)
		l.mustLook()
		calls := l.take()
		if calls["list "+c.kind+"s"] != 1 || calls["list tasks"] != 1 {
			t.Errorf("after an event of %s %s: %v", c.kind, c.name, calls)
		}
		// Swarm tells of a new network or service twice, of its allocation a moment later.
		if more := l.unexplained(calls, before); len(more) != 0 {
			t.Errorf("after an event of %s %s, for nothing: %v", c.kind, c.name, more)
		}
	}
	if w := l.mustLook(); !w.Moving {
		t.Error("after an event of a service or node the World does not move")
	}
	if configs, err := l.ListConfigs(t.Context(), store.LabelPlane); err != nil || len(configs) != 1 {
		t.Errorf("reports: %v, %v", configs, err)
	}
}

func TestRenewalsOfTheLeaseWakeNobody(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	l := keepLookout(t, r.Node(0).Host())
	l.mustLook()
	l.take()
	lease := store.NewLease(dial(t, r.Node(0).Host()), "me", store.LeaseOptions{})
	for range 3 {
		if held, err := lease.Try(t.Context()); err != nil || !held {
			t.Fatalf("%v, %v", held, err)
		}
	}
	r.Node(0).DockerInput(t, "data", "secret", "create", "after", "-")
	l.awaitEvent("config", store.LeaseName)
	l.awaitEvent("secret", "after")
	rig.Eventually(t, 20*time.Second, "a wake for the stream, and one for each event but those of the lease", func() error {
		others := 0
		for _, e := range l.Recent() {
			if e.Name != store.LeaseName {
				others++
			}
		}
		if got := l.wakes.Load(); int(got) != 1+others {
			return fmt.Errorf("%d wakes and %d events", got, others)
		}
		return nil
	})
	l.mustLook()
	if calls := l.take(); calls["list secrets"] != 1 || calls["list configs"] != 0 {
		t.Errorf("%v", calls)
	}
}

func TestAfterAGapInTheEventsEverythingIsListedAgain(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	api := r.Node(0).APIProxy(t)
	l := keepLookout(t, api.Host())
	l.mustLook()
	api.TakeAway()
	if w, err := l.look(); err == nil || !cmp.Equal(w, plan.World{}) {
		t.Errorf("without the API: %+v, %v", w, err)
	}
	r.Node(0).DockerInput(t, "data", "secret", "create", "meanwhile", "-")
	r.Node(0).Docker(t, "network", "create", "--driver", "overlay", "meanwhile")
	l.take()
	wakes := l.wakes.Load()
	api.Restore(t)
	l.awaitWakes(wakes + 1)
	rig.Eventually(t, 30*time.Second, "what happened meanwhile is seen", func() error {
		w, err := l.look()
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(w.Secrets, func(s plan.Secret) bool { return s.Name == "meanwhile" }) ||
			!slices.ContainsFunc(w.Networks, func(n plan.Network) bool { return n.Name == "meanwhile" }) {
			return errNotYet
		}
		return nil
	})
	calls := l.take()
	for _, call := range []string{"list services", "list networks", "list secrets", "list nodes", "list tasks", "list configs"} {
		if calls[call] == 0 {
			t.Errorf("no %s after the gap: %v", call, calls)
		}
	}
	// And the new stream of events is listened to.
	r.Node(0).DockerInput(t, "data", "secret", "create", "after", "-")
	l.awaitEvent("secret", "after")
}

func TestWhatCannotBeListedIsNeverTakenForGone(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	api := newFaultyAPI(t, r.Node(0))
	r.Node(0).DockerInput(t, "data", "secret", "create", "one", "-")
	l := keepLookout(t, api.host())
	before := l.mustLook()
	for _, path := range []string{"/services", "/tasks", "/networks", "/secrets", "/nodes"} {
		l.invalidateAll()
		api.fail(path)
		if w, err := l.Observe(t.Context()); err == nil || !cmp.Equal(w, plan.World{}) {
			t.Errorf("%s fails: %+v, %v", path, w, err)
		}
		api.fail("none")
		if w, err := l.Observe(t.Context()); err != nil || !cmp.Equal(w, before) {
			t.Errorf("%s works again: %v\n%s", path, err, cmp.Diff(before, w))
		}
	}
	l.invalidateAll()
	api.fail("/configs")
	for _, label := range []string{store.LabelKind, store.LabelPlane} {
		if configs, err := l.ListConfigs(t.Context(), label); err == nil || configs != nil {
			t.Errorf("configs with %s: %v, %v", label, configs, err)
		}
	}
}

func TestListsMayBeReadByTheLoopAndTheWriterOfStatusesAtOnce(t *testing.T) {
	l := list[int]{every: time.Hour, fetch: func(context.Context) ([]int, error) { return []int{1}, nil }}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			l.invalidate()
			_, _ = l.get(t.Context(), time.Now())
		}
	}()
	for range 1000 {
		if items, err := l.get(t.Context(), time.Now()); err != nil || len(items) != 1 {
			t.Fatalf("%v, %v", items, err)
		}
	}
	<-done
}

func TestAnEventDuringAListHasItListedOnceMore(t *testing.T) {
	var l list[int]
	calls := 0
	l = list[int]{every: time.Hour, fetch: func(context.Context) ([]int, error) {
		calls++
		if calls == 1 {
			l.invalidate()
		}
		return []int{calls}, nil
	}}
	now := time.Now()
	for i, want := range []int{1, 2, 2} {
		if items, err := l.get(t.Context(), now); err != nil || items[0] != want {
			t.Errorf("get %d: %v, %v", i+1, items, err)
		}
	}
	if items, _ := l.get(t.Context(), now.Add(time.Hour)); items[0] != 3 {
		t.Errorf("after its time: %v", items)
	}
}
