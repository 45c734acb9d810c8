package doctor

import (
	"errors"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

var today = time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)

// well is a cluster that nothing ails.
func well() Facts {
	return Facts{
		Now: today, Gathered: true,
		Engine: swarm.Engine{
			Address: "unix:///var/run/docker.sock", Name: "n1", APIVersion: "1.41", State: "active", Manager: true, Time: today, Asked: today,
			Members: []swarm.Member{member("n1", true, true), member("n2", true, true), member("n3", true, true), member("n4", false, false)},
		},
		Ports: []Port{{Flag: "http", Address: ":80", Number: 80}, {Flag: "https", Address: ":443", Number: 443}},
	}
}

func member(name string, manager, reachable bool) swarm.Member {
	return swarm.Member{Name: name, State: "ready", Availability: "active", Manager: manager, Reachable: reachable}
}

func route(key, kind, reason, message string, status v1alpha1.ConditionStatus) plan.Status {
	s := plan.Status{Key: key}
	s.Status.Conditions = []v1alpha1.Condition{{Type: kind, Status: status, Reason: reason, Message: message}}
	return s
}

func expiring(reason string) []Reported {
	s := route("demo", v1alpha1.CertificateExpiring, reason, "demo.cert", v1alpha1.True)
	return []Reported{{"other", nil}, {"demo", &s.Status}}
}

func TestEachCheckFindsWhatItIsFor(t *testing.T) {
	missing := func(reason string) []plan.Status {
		return []plan.Status{route("demo", v1alpha1.ResolvedRefs, reason, "x is missing", v1alpha1.False)}
	}
	for _, c := range []struct {
		name  string
		ail   func(f *Facts)
		check string
		level Level
		found string
	}{
		{"the engine is away", func(f *Facts) { f.Unreachable = errors.New("refused") }, "engine", Fail, "refused"},
		{"the engine's port is a TLS port", func(f *Facts) {
			f.Unreachable = fmt.Errorf("info: %w", &swarm.TrustError{Fault: swarm.PlainToTLS, Where: "tcp://a.test"})
		}, "engine", Fail, "plain TCP was spoken to it [tcp://a.test]"},
		{"an old engine", func(f *Facts) { f.Engine.APIVersion = "1.9" }, "api", Fail, "1.9 is older than 1.41"},
		{"a newer engine", func(f *Facts) { f.Engine.APIVersion = "2.0" }, "api", OK, "2.0"},
		{"an engine without a version", func(f *Facts) { f.Engine.APIVersion = "" }, "api", Fail, "older"},
		{"the engine's clock is late", func(f *Facts) { f.Engine.Time = today.Add(-3 * time.Second) }, "clock", Warn, "3s behind"},
		{"the engine's clock is early", func(f *Facts) { f.Engine.Time = today.Add(time.Minute) }, "clock", Warn, "1m0s ahead"},
		{"clocks that are as far apart as the call took", func(f *Facts) { f.Engine.Time, f.Engine.Took = today.Add(3*time.Second), 4*time.Second }, "clock", OK, "agree"},
		{"an engine without a clock", func(f *Facts) { f.Engine.Time = time.Time{} }, "clock", Warn, "does not say"},
		{"a certificate of the connection ends soon", certificateEnds(10), "connection", Warn, "cert.pem ends on 2026-01-12"},
		{"a certificate of the connection has ended", certificateEnds(-1), "connection", Fail, "cert.pem ended on 2026-01-01"},
		{"the certificates of the connection last", certificateEnds(40), "connection", OK, "30 days at least"},
		{"a worker", func(f *Facts) { f.Engine.Manager = false }, "manager", Fail, "n1 is a worker"},
		{"no swarm", func(f *Facts) { f.Engine.Manager, f.Engine.State = false, "inactive" }, "manager", Fail, "in no swarm"},
		{"a locked swarm", func(f *Facts) { f.Engine.Manager, f.Engine.State = false, "locked" }, "manager", Fail, "locked"},
		{"no leader", func(f *Facts) { f.Engine.Headless = errors.New("no leader") }, "quorum", Fail, "no leader"},
		{"a manager is away", func(f *Facts) { f.Engine.Members[1].Reachable = false }, "quorum", Warn, "2 of 3 managers reachable, not n2"},
		{"most managers are away", func(f *Facts) { f.Engine.Members[1].Reachable, f.Engine.Members[2].Reachable = false, false }, "quorum", Fail, "1 of 3"},
		{"a node is down", func(f *Facts) { f.Engine.Members[3].State = "down" }, "nodes", Fail, "n4 is down (active)"},
		{"a drained node is down", func(f *Facts) { f.Engine.Members[3].State, f.Engine.Members[3].Availability = "down", "drain" }, "nodes", Warn, "n4 is down (drain)"},
		{"another program has the port", func(f *Facts) { f.Ports[0].Err, f.Ports[0].Holder = syscall.EADDRINUSE, "nginx" }, "port 80", Fail, "nginx has it"},
		{"a data plane has the port", func(f *Facts) {
			f.Ports[0].Err, f.Ports[0].Holder, f.Ports[0].Ours = syscall.EADDRINUSE, "fairlead", true
		}, "port 80", OK, "a data plane has it"},
		{"nobody knows who has the port", func(f *Facts) { f.Ports[1].Err = syscall.EADDRINUSE }, "port 443", Warn, "cannot be told"},
		{"no right to listen", func(f *Facts) { f.Ports[1].Err = syscall.EACCES }, "port 443", Warn, "without the right"},
		{"an address of another host", func(f *Facts) { f.Ports[1].Err = syscall.EADDRNOTAVAIL }, "port 443", Fail, "cannot assign"},
		{"a port in ingress mode", publishes(80, true), "ingress", Warn, "service web publishes port 80"},
		{"a port in host mode", publishes(80, false), "ingress", OK, "no service"},
		{"another port in ingress mode", publishes(8080, true), "ingress", OK, "no service"},
		{"a port in ingress mode, seen from elsewhere", func(f *Facts) { publishes(443, true)(f); f.Ports = nil }, "ingress", Warn, "port 443"},
		{"a missing secret", func(f *Facts) { f.Routes = missing(v1alpha1.ReasonSecretNotFound) }, "secrets", Fail, "route/demo: x is missing"},
		{"a missing network", func(f *Facts) { f.Routes = missing(v1alpha1.ReasonNoSharedNetwork) }, "networks", Fail, "route/demo"},
		{"a missing service", func(f *Facts) { f.Routes = missing(v1alpha1.ReasonBackendNotFound) }, "services", Fail, "route/demo"},
		{"a missing service is no missing secret", func(f *Facts) { f.Routes = missing(v1alpha1.ReasonBackendNotFound) }, "secrets", OK, "are there"},
		{"a certificate ends soon", func(f *Facts) { f.Reported = expiring(v1alpha1.ReasonExpiring) }, "certificates", Warn, "demo.cert"},
		{"a certificate has ended", func(f *Facts) { f.Reported = expiring(v1alpha1.ReasonExpired) }, "certificates", Fail, "demo.cert"},
		{"a tender that does not start", func(f *Facts) { f.Tenders = []swarm.IdleTender{{Name: "t1", Error: "no such image"}, {Name: "t2"}} }, "tenders", Fail, "t1 does not start: no such image; t2"},
		{"a tender that has just come", func(f *Facts) { f.Tenders = []swarm.IdleTender{{Name: "t2"}} }, "tenders", Warn, "t2 does not run yet"},
		{"a manager that does not list", func(f *Facts) { f.Gathered, f.Ungathered = false, errors.New("timed out") }, "routes", Fail, "timed out"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := well()
			c.ail(&f)
			r := find(t, Examine(f), c.check)
			if r.Level != c.level || !strings.Contains(r.Found, c.found) || (r.Level == OK) != (r.Do == "") {
				t.Errorf("got %+v, want %s and %q", r, c.level, c.found)
			}
		})
	}
}

func certificateEnds(days int) func(f *Facts) {
	return func(f *Facts) {
		f.Engine.Certificates = []swarm.ConnectionCertificate{{What: "ca.pem", NotAfter: today.AddDate(9, 0, 0)}, {What: "cert.pem", NotAfter: today.AddDate(0, 0, days)}}
	}
}

func publishes(port int, ingress bool) func(f *Facts) {
	return func(f *Facts) {
		f.Engine.Published = []swarm.Published{{Service: "web", Port: port, Ingress: ingress}}
	}
}

func find(t *testing.T, results []Result, check string) Result {
	t.Helper()
	for _, r := range results {
		if r.Check == check {
			return r
		}
	}
	t.Fatalf("no check %q in %+v", check, results)
	return Result{}
}

func TestNothingAilsAClusterThatIsWell(t *testing.T) {
	results := Examine(well())
	for _, r := range results {
		if r.Level != OK {
			t.Errorf("%+v", r)
		}
	}
	if len(results) != 15 || Failed(results) != 0 {
		t.Errorf("%d checks, %d failed", len(results), Failed(results))
	}
}

func TestWhatCannotBeSeenIsLeftOut(t *testing.T) {
	f := well()
	f.Unreachable, f.Gathered = errors.New("refused"), false
	if got := Examine(f); len(got) != 3 || Failed(got) != 1 {
		t.Errorf("an engine that is away: %+v", got)
	}
	f = well()
	f.Engine.Manager, f.Gathered = false, false
	if got := Examine(f); len(got) != 7 || Failed(got) != 1 {
		t.Errorf("a worker: %+v", got)
	}
}
