package store

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"fairlead.dev/fairlead/api/snapshot"
)

func try(t *testing.T, l *Lease, want bool) {
	t.Helper()
	held, err := l.Try(t.Context())
	if err != nil || held != want || l.Held() != want {
		t.Errorf("%s holds the lease: %v, %v; want %v", l.holder, held, err, want)
	}
}

func TestTheLeaseGoesToTheNextWhenItIsNotRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		a, b := NewLease(s, "a", LeaseOptions{}), NewLease(s, "b", LeaseOptions{})
		try(t, a, true)
		try(t, b, false)
		time.Sleep(40 * time.Second)
		try(t, a, true)
		time.Sleep(40 * time.Second)
		try(t, b, false) // sees the renewal of 40 s ago only now
		time.Sleep(30 * time.Second)
		if a.Held() {
			t.Error("a holds it without renewing it")
		}
		try(t, b, false)
		time.Sleep(30 * time.Second)
		try(t, b, true)
		try(t, a, false)
	})
}

func TestWhoStartsAgainHasItsLeaseBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		try(t, NewLease(s, "a", LeaseOptions{}), true)
		try(t, NewLease(s, "a", LeaseOptions{}), true)
		try(t, NewLease(s, "b", LeaseOptions{}), false)
	})
}

func TestRunRenewsAndGivesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		a, b := NewLease(s, "a", LeaseOptions{}), NewLease(s, "b", LeaseOptions{})
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() {
			if err := a.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(10 * time.Minute)
		if !a.Held() {
			t.Error("a lost it")
		}
		try(t, b, false)
		cancel()
		running.Wait()
		try(t, b, true)
	})
}

func TestALeaseThatIsGivenBackIsTakenOnceThatIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		changed := make(chan struct{}, 1)
		a, b := NewLease(s, "a", LeaseOptions{}), NewLease(s, "b", LeaseOptions{Changed: changed})
		try(t, a, true)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = b.Run(ctx) })
		synctest.Wait()
		if err := a.Release(ctx); err != nil {
			t.Fatal(err)
		}
		changed <- struct{}{}
		synctest.Wait()
		if !b.Held() {
			t.Error("b waits for its tick")
		}
		before := s.label(leaseName, LabelRenewed)
		changed <- struct{}{} // its own
		synctest.Wait()
		if after := s.label(leaseName, LabelRenewed); after != before {
			t.Error("b renews because it renewed")
		}
		cancel()
		running.Wait()
	})
}

func TestAnUnreachableSwarmEndsALeaseInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newFakeSwarm()
		a := NewLease(s, "a", LeaseOptions{})
		try(t, a, true)
		s.refuse = func(call string) error {
			if strings.HasPrefix(call, "update") {
				return errors.New("away")
			}
			return nil
		}
		time.Sleep(20 * time.Second)
		if held, err := a.Try(t.Context()); !held || err == nil {
			t.Errorf("held %v, %v", held, err)
		}
		time.Sleep(40 * time.Second)
		if a.Held() {
			t.Error("held for longer than it lasts")
		}
	})
}

// TestNeverTwoHolders lets three instances try, sleep and fail at random.
func TestNeverTwoHolders(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newFakeSwarm()
		now := time.Unix(0, 0)
		clock := func() time.Time { return now }
		var leases []*Lease
		for _, name := range []string{"a", "b", "c"} {
			leases = append(leases, NewLease(s, name, LeaseOptions{Now: clock}))
		}
		l := rapid.SampledFrom(leases)
		t.Repeat(map[string]func(*rapid.T){
			"try":     func(t *rapid.T) { _, _ = l.Draw(t, "lease").Try(context.Background()) },
			"release": func(t *rapid.T) { _ = l.Draw(t, "lease").Release(context.Background()) },
			"time":    func(t *rapid.T) { now = now.Add(time.Duration(rapid.IntRange(1, 40).Draw(t, "s")) * time.Second) },
			"away": func(t *rapid.T) {
				s.refuse = nil
				if rapid.Bool().Draw(t, "away") {
					s.refuse = func(string) error { return errors.New("away") }
				}
			},
			"": func(t *rapid.T) {
				var held []string
				for _, l := range leases {
					if l.Held() {
						held = append(held, l.holder)
					}
				}
				if len(held) > 1 {
					t.Fatalf("%v hold it", held)
				}
			},
		})
	})
}

func TestEachClusterHasALeaseAndReportsOfItsOwn(t *testing.T) {
	s := newFakeSwarm()
	try(t, NewLease(s, "a", LeaseOptions{}), true)
	try(t, NewLease(s, "b in east", LeaseOptions{Cluster: "east"}), true)
	try(t, NewLease(s, "c in west", LeaseOptions{Cluster: "west"}), true)
	try(t, NewLease(s, "d in west", LeaseOptions{Cluster: "west"}), false)

	for _, cluster := range []string{"", "east"} {
		if err := NewPlanes(s, cluster).Write(t.Context(), "node", "", snapshot.Report{Plane: "in " + cluster}); err != nil {
			t.Fatal(err)
		}
	}
	for _, cluster := range []string{"", "east"} {
		records, err := NewPlanes(s, cluster).List(t.Context())
		if err != nil || len(records) != 1 || records[0].Report.Plane != "in "+cluster {
			t.Errorf("cluster %q: %+v, %v", cluster, records, err)
		}
	}
}
