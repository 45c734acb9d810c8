package probe

import (
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestAnEndpointIsOutWhileItFailsItsChecks(t *testing.T) {
	for name, tc := range map[string]struct {
		check    snapshot.CheckType
		protocol snapshot.Protocol
		h2c      bool
		spoil    func(*server)
		mend     func(*server)
	}{
		"HTTP/1.1":   {snapshot.CheckHTTP, snapshot.HTTP, false, func(s *server) { s.status.Store(500) }, func(s *server) { s.status.Store(302) }},
		"HTTP/2":     {snapshot.CheckHTTP, snapshot.H2C, true, func(s *server) { s.status.Store(404) }, func(s *server) { s.status.Store(204) }},
		"gRPC":       {snapshot.CheckGRPC, snapshot.H2C, true, func(s *server) { s.serving.Store(2) }, func(s *server) { s.serving.Store(1) }},
		"gRPC error": {snapshot.CheckGRPC, snapshot.HTTP, true, func(s *server) { s.serving.Store(-1) }, func(s *server) { s.serving.Store(1) }},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStand(t)
			good, bad := newServer(t, tc.h2c), newServer(t, tc.h2c)
			s.publish(every(tc.check), tc.protocol, good.address(), bad.address())
			until(t, "both were asked", func() bool { return good.asked.Load() > 1 && bad.asked.Load() > 1 })
			if out := s.monitor.Ejected(); out != nil {
				t.Fatal("out are", out)
			}
			tc.spoil(bad)
			until(t, "it is out", func() bool { return cmp.Equal(s.monitor.Ejected(), []string{bad.address()}) })
			tc.mend(bad)
			until(t, "it is back", func() bool { return s.monitor.Ejected() == nil })
			r := good.request.Load()
			if tc.check == snapshot.CheckHTTP && (r.URL.String() != "/healthz?a=b" || r.Host != good.address() || r.UserAgent() != agent) {
				t.Errorf("asked was %s %s by %s", r.Host, r.URL, r.UserAgent())
			}
		})
	}
}

func TestAnEndpointThatTakesNoConnectionsIsOut(t *testing.T) {
	s := newStand(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	s.publish(every(snapshot.CheckTCP), snapshot.HTTP, address)
	until(t, "checks pass", func() bool { return s.passed.Load() > 2 })
	l.Close()
	until(t, "it is out", func() bool { return cmp.Equal(s.monitor.Ejected(), []string{address}) })
	until(t, "it is back", func() bool {
		if again, err := net.Listen("tcp", address); err == nil {
			t.Cleanup(func() { again.Close() })
		}
		return s.monitor.Ejected() == nil
	})
}

func TestAnEndpointThatDoesNotAnswerInTimeIsOut(t *testing.T) {
	for name, kind := range map[string]snapshot.CheckType{"HTTP": snapshot.CheckHTTP, "GRPC": snapshot.CheckGRPC} {
		t.Run(name, func(t *testing.T) {
			s, hanging := newStand(t), newServer(t, kind == snapshot.CheckGRPC)
			hanging.hang.Store(true)
			check := every(kind)
			check.Timeout = 20 * time.Millisecond
			s.publish(check, snapshot.HTTP, hanging.address())
			until(t, "it is out", func() bool { return len(s.monitor.Ejected()) == 1 })
		})
	}
}

func TestChecksFailInARowOrNotAtAll(t *testing.T) {
	s, flaky := newStand(t), newServer(t, false)
	check := every(snapshot.CheckHTTP)
	check.MaxFails = 0
	flaky.status.Store(500)
	s.publish(check, snapshot.HTTP, flaky.address())
	until(t, "it has failed often", func() bool { return s.failed.Load() > 5 })
	if out := s.monitor.Ejected(); out != nil {
		t.Error("out though maxFails is 0:", out)
	}
	tr, e := &target{check: &snapshot.HealthCheck{MaxFails: 3}}, s.world.Backend(s.world.Snapshot.Backends[0].ID).Endpoints()[0]
	tr.endpoint = e
	for i, err := range []error{errMessage, errMessage, nil, errMessage, errMessage, errMessage, errMessage, nil} {
		s.prober.judge(tr, err)
		if out := e.Health.Suspect(); out != (i == 5 || i == 6) {
			t.Errorf("after check %d it is out: %v", i, out)
		}
	}
}

func TestOnlyWhatIsPublishedIsChecked(t *testing.T) {
	s, kept, gone := newStand(t), newServer(t, false), newServer(t, false)
	s.publish(every(snapshot.CheckHTTP), snapshot.HTTP, kept.address(), gone.address())
	until(t, "both were asked", func() bool { return kept.asked.Load() > 0 && gone.asked.Load() > 0 })
	before := s.prober.targets[s.world.Backend(s.world.Snapshot.Backends[0].ID).Endpoints()[0]]
	s.publish(every(snapshot.CheckHTTP), snapshot.HTTP, kept.address())
	if len(s.prober.targets) != 1 {
		t.Fatalf("%d targets", len(s.prober.targets))
	}
	for _, after := range s.prober.targets {
		if after != before && before.endpoint.Address == kept.address() {
			t.Error("a publish began the checks anew")
		}
	}
	s.publish(snapshot.HealthCheck{MaxFails: 1, FailTimeout: time.Second}, snapshot.HTTP, kept.address())
	if len(s.prober.targets) != 0 {
		t.Error("something is asked without a type")
	}
	s.stop()
	kept.asked.Store(0)
	s.publish(every(snapshot.CheckHTTP), snapshot.HTTP, kept.address())
	for _, target := range s.prober.targets {
		if target.timer != nil {
			t.Error("a check is to come though nothing runs")
		}
	}
}

func TestChecksAreSpread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newStand(t)
		synctest.Wait()
		check := snapshot.HealthCheck{Type: snapshot.CheckTCP, MaxFails: 0, FailTimeout: time.Hour, Interval: 10 * time.Second, Timeout: time.Second}
		perSecond := map[int64]int{}
		began := time.Now()
		s.prober.cfg.Dial = dialNobody(func() { perSecond[int64(time.Since(began)/time.Second)]++ })
		addresses := make([]string, 200)
		for i := range addresses {
			addresses[i] = string(rune('a' + i))
		}
		s.publish(check, snapshot.HTTP, addresses...)
		time.Sleep(60 * time.Second)
		s.stop()
		for second := range int64(60) {
			if n := perSecond[second]; n < 4 || n > 45 {
				t.Errorf("%d checks in second %d, of 20 on average", n, second)
			}
		}
	})
}
