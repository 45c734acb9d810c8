package dataplane

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"fairlead.dev/fairlead/api/snapshot"
)

// moody is an origin that answers with its name, and with 503 while it is told to.
type moody struct {
	name  string
	sad   atomic.Bool
	asked atomic.Int32
}

func (m *moody) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.asked.Add(1)
	if m.sad.Load() {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	fmt.Fprint(w, m.name)
}

// moodies are a Route with a check to n origins.
func moodies(t testing.TB, n int, check snapshot.HealthCheck, start func(testing.TB, *moody) string) (snapshot.Snapshot, []*moody) {
	s := snapshot.Snapshot{Routes: []*snapshot.Route{routeTo("a.local", "o")}, Backends: []snapshot.Backend{{ID: "o", Name: "o", Check: &check}}}
	var all []*moody
	for i := range n {
		m := &moody{name: fmt.Sprint("o", i)}
		all = append(all, m)
		s.Backends[0].Endpoints = append(s.Backends[0].Endpoints, snapshot.Endpoint{ID: m.name, Address: start(t, m)})
	}
	return s, all
}

func moodyOverHTTP1(t testing.TB, m *moody) string {
	return origin(t, m.name, m.ServeHTTP).Listener.Addr().String()
}

func moodyOverHTTP2(t testing.TB, m *moody) string {
	return h2cOrigin(t, m.ServeHTTP).Listener.Addr().String()
}

func TestAnEndpointThatFailsRequestsAsOftenAsItsRouteSaysIsOut(t *testing.T) {
	for version, start := range map[string]func(testing.TB, *moody) string{"HTTP/1.1": moodyOverHTTP1, "HTTP/2": moodyOverHTTP2} {
		t.Run(version, func(t *testing.T) {
			r := startRig(t)
			s, origins := moodies(t, 2, snapshot.HealthCheck{MaxFails: 3, FailTimeout: time.Hour}, start)
			if version == "HTTP/2" {
				s.Backends[0].Protocol = snapshot.H2C
			}
			r.publish(s)
			c := r.versions()[version]
			origins[0].sad.Store(true)
			failed := 0
			for range 40 {
				if status, _ := get(t, c, "http://a.local/"); status == http.StatusServiceUnavailable {
					failed++
				}
			}
			if failed != 3 || !cmp.Equal(r.plane.Report().Ejected, []string{"o0"}) {
				t.Errorf("%d requests failed, out are %v", failed, r.plane.Report().Ejected)
			}
			// With all out they are tried all the same.
			origins[1].sad.Store(true)
			for range 6 {
				get(t, c, "http://a.local/")
			}
			origins[0].sad.Store(false)
			origins[1].sad.Store(false)
			if status, _ := get(t, c, "http://a.local/"); status != 200 || len(r.plane.Report().Ejected) != 2 {
				t.Error(status, r.plane.Report().Ejected)
			}
		})
	}
}

func TestAnEndpointThatIsOutComesBackAfterItsTime(t *testing.T) {
	r := startRig(t)
	s, origins := moodies(t, 2, snapshot.HealthCheck{MaxFails: 1, FailTimeout: 50 * time.Millisecond}, moodyOverHTTP1)
	r.publish(s)
	c := r.client()
	origins[0].sad.Store(true)
	until(t, "the first is out", func() bool {
		get(t, c, "http://a.local/")
		return len(r.plane.Report().Ejected) == 1
	})
	origins[0].sad.Store(false)
	until(t, "it is back", func() bool {
		get(t, c, "http://a.local/")
		return len(r.plane.Report().Ejected) == 0
	})
}

func TestAFailedConnectCountsByTheRoutesNumbers(t *testing.T) {
	for _, maxFails := range []int{0, 3} {
		r := startRig(t)
		s, _ := moodies(t, 1, snapshot.HealthCheck{MaxFails: maxFails, FailTimeout: time.Hour}, moodyOverHTTP1)
		s.Backends[0].Endpoints = append(s.Backends[0].Endpoints, snapshot.Endpoint{ID: "o9", Address: closedAddress(t)})
		r.publish(s)
		c := r.client()
		for range 12 {
			if status, _ := get(t, c, "http://a.local/"); status != 200 {
				t.Error("a request was not tried on the other Endpoint:", status)
			}
		}
		var want []string
		if maxFails > 0 {
			want = []string{"o9"}
		}
		if d := cmp.Diff(want, r.plane.Report().Ejected); d != "" {
			t.Errorf("maxFails %d: %s", maxFails, d)
		}
	}
}

func TestRequestsPassAnEndpointOverThatFailsItsChecks(t *testing.T) {
	for kind, start := range map[snapshot.CheckType]func(testing.TB, *moody) string{snapshot.CheckHTTP: moodyOverHTTP1, snapshot.CheckTCP: moodyOverHTTP1} {
		t.Run(string(kind), func(t *testing.T) {
			reg := prometheus.NewRegistry()
			r := startRig(t, func(c *Config) { c.Metrics = reg })
			check := snapshot.HealthCheck{Type: kind, Path: "/healthz", MaxFails: 2, FailTimeout: time.Hour, Interval: 10 * time.Millisecond, Timeout: patience}
			s, origins := moodies(t, 2, check, start)
			if kind == snapshot.CheckTCP {
				s.Backends[0].Endpoints[0].Address = closedAddress(t)
			}
			r.publish(s)
			origins[0].sad.Store(true)
			until(t, "the first is out", func() bool { return cmp.Equal(r.plane.Report().Ejected, []string{"o0"}) })
			c := r.client()
			for range 10 {
				if status, body := get(t, c, "http://a.local/"); status != 200 || body != "o1" {
					t.Error(status, body)
				}
			}
			for _, want := range []string{"fairlead_endpoints{ejected} 1", "fairlead_health_checks_total{failed}", "fairlead_health_checks_total{passed}"} {
				until(t, want, func() bool { return strings.Contains(series(t, reg), want) })
			}
			if kind == snapshot.CheckTCP {
				return
			}
			origins[0].sad.Store(false)
			until(t, "it is back", func() bool { return r.plane.Report().Ejected == nil })
		})
	}
}

func TestABackendThatTwoRoutesCheckAlikeIsAskedOnce(t *testing.T) {
	r := startRig(t)
	check := snapshot.HealthCheck{Type: snapshot.CheckHTTP, Path: "/", MaxFails: 2, FailTimeout: time.Hour, Interval: 200 * time.Millisecond, Timeout: patience}
	s, origins := moodies(t, 1, check, moodyOverHTTP1)
	second := routeTo("b.local", "o")
	s.Routes = append(s.Routes, second)
	r.publish(s)
	began := time.Now()
	until(t, "it was asked often", func() bool { return origins[0].asked.Load() > 5 })
	if took := time.Since(began); took < 4*180*time.Millisecond {
		t.Errorf("asked six times in %v", took)
	}
}

func TestChecksOfABackendOverTLSAreMadeOverTLS(t *testing.T) {
	a := newAuthority(t)
	for name, change := range map[string]func(*tls.Config){"HTTP/1.1": only1, "HTTP/2": func(*tls.Config) {}} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			var sad atomic.Bool
			good := secureOrigin(t, a.leaf(), func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/healthz" && r.Host == "api.internal" && strings.HasPrefix(r.Proto, name) {
					asked.Add(1)
				}
				if sad.Load() {
					w.WriteHeader(http.StatusServiceUnavailable)
				}
			}, change)
			stranger := secureOrigin(t, newAuthority(t).leaf(), nil, change)
			r := securedRig(t, a)
			s := secured(nil, good, stranger)
			s.Backends[0].Check = &snapshot.HealthCheck{
				Type: snapshot.CheckHTTP, Path: "/healthz", MaxFails: 2, FailTimeout: time.Hour, Interval: 10 * time.Millisecond, Timeout: patience,
			}
			r.publish(s)
			until(t, "who cannot be verified is out", func() bool { return len(r.plane.Report().Ejected) == 1 && asked.Load() > 3 })
			sad.Store(true)
			until(t, "both are out", func() bool { return len(r.plane.Report().Ejected) == 2 })
		})
	}
}

func TestAPassthroughCountsFailedConnectsByItsRoutesNumbers(t *testing.T) {
	r := startRig(t)
	s := passthroughTo("p.local", closedAddress(t), tlsOrigin(t, "good").Addr().String())
	s.Backends[0].Check = &snapshot.HealthCheck{MaxFails: 2, FailTimeout: time.Hour}
	r.publish(s)
	connect := func() []string {
		if got := certificateBy(t, &net.Dialer{}, r.https, "p.local"); got != "good" {
			t.Fatal(got)
		}
		return r.plane.Report().Ejected
	}
	if out := connect(); out != nil { // it tries each Endpoint once at most
		t.Error("out after the first connection are", out)
	}
	until(t, "the one that is not there is out", func() bool { return cmp.Equal([]string{"pass0"}, connect()) })
}
