package metrics

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/access"
)

type fakeState struct{}

func (fakeState) Endpoints() (all, ejected int) { return 3, 1 }

func (fakeState) Certificates() []snapshot.CertificateReport {
	return []snapshot.CertificateReport{{ID: "i", Name: "n", State: snapshot.CertificateLoaded, NotAfter: time.Unix(7, 0)}}
}

// start returns Metrics and what a scrape of them answers.
func start(t testing.TB) (*Metrics, func() string) {
	t.Helper()
	reg := prometheus.NewPedanticRegistry()
	m, err := New(reg, fakeState{})
	if err != nil {
		t.Fatal(err)
	}
	return m, func() string {
		answer := httptest.NewRecorder()
		promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
		return answer.Body.String()
	}
}

const exposition = `# HELP fairlead_certificate_expiry_timestamp_seconds End of each loaded certificate, in Unix time.
# TYPE fairlead_certificate_expiry_timestamp_seconds gauge
fairlead_certificate_expiry_timestamp_seconds{certificate="n",id="i"} 7
# HELP fairlead_certificates Certificates by state.
# TYPE fairlead_certificates gauge
fairlead_certificates{state="Invalid"} 0
fairlead_certificates{state="Loaded"} 1
fairlead_certificates{state="Pending"} 0
# HELP fairlead_endpoint_connect_errors_total Connections to Endpoints that could not be made.
# TYPE fairlead_endpoint_connect_errors_total counter
fairlead_endpoint_connect_errors_total 1
# HELP fairlead_endpoints Endpoints that are served, by state.
# TYPE fairlead_endpoints gauge
fairlead_endpoints{state="ejected"} 1
fairlead_endpoints{state="ready"} 2
# HELP fairlead_health_checks_total Checks of Endpoints by what became of them: passed, failed.
# TYPE fairlead_health_checks_total counter
fairlead_health_checks_total{result="failed"} 1
fairlead_health_checks_total{result="passed"} 2
# HELP fairlead_passthrough_connections Passthrough connections that are open.
# TYPE fairlead_passthrough_connections gauge
fairlead_passthrough_connections 1
# HELP fairlead_publishes_total Snapshots by what became of them: ok, failed.
# TYPE fairlead_publishes_total counter
fairlead_publishes_total{result="failed"} 1
fairlead_publishes_total{result="ok"} 1
# HELP fairlead_refused_total Requests and connections that a limit or the grammar refused, by reason.
# TYPE fairlead_refused_total counter
fairlead_refused_total{reason="too_many"} 1
# HELP fairlead_request_duration_seconds Time from a request's head to the end of its answer.
# TYPE fairlead_request_duration_seconds histogram
fairlead_request_duration_seconds_bucket{listener="http",le="0.0005"} 1
fairlead_request_duration_seconds_bucket{listener="http",le="0.002"} 1
fairlead_request_duration_seconds_bucket{listener="http",le="0.008"} 1
fairlead_request_duration_seconds_bucket{listener="http",le="0.032"} 1
fairlead_request_duration_seconds_bucket{listener="http",le="0.128"} 1
fairlead_request_duration_seconds_bucket{listener="http",le="0.512"} 1
fairlead_request_duration_seconds_bucket{listener="http",le="2.048"} 2
fairlead_request_duration_seconds_bucket{listener="http",le="8.192"} 2
fairlead_request_duration_seconds_bucket{listener="http",le="32.768"} 2
fairlead_request_duration_seconds_bucket{listener="http",le="+Inf"} 3
fairlead_request_duration_seconds_sum{listener="http"} 41.0005
fairlead_request_duration_seconds_count{listener="http"} 3
# HELP fairlead_requests_in_flight Requests that are not answered yet.
# TYPE fairlead_requests_in_flight gauge
fairlead_requests_in_flight 1
# HELP fairlead_requests_total Requests by Route and status; the Route is empty where none matched.
# TYPE fairlead_requests_total counter
fairlead_requests_total{code="0",route="a"} 1
fairlead_requests_total{code="200",route="a"} 1
fairlead_requests_total{code="404",route=""} 1
# HELP fairlead_tls_handshakes_total TLS connections by what became of them: ok, failed, client_certificate, unknown_name, not_tls, passthrough, challenge.
# TYPE fairlead_tls_handshakes_total counter
fairlead_tls_handshakes_total{result="ok"} 2
fairlead_tls_handshakes_total{result="passthrough"} 2
`

func TestExposition(t *testing.T) {
	m, scrape := start(t)
	for range 4 {
		m.Begin()
	}
	m.Done(&access.Record{Listener: "http", Route: "a", Status: 200, Duration: 0.0005}, nil)
	m.Done(&access.Record{Listener: "http", Route: "", Status: 404, Duration: 1}, nil)
	m.Done(&access.Record{Listener: "http", Route: "a", Status: 999, Duration: 40}, nil)
	m.PassthroughBegins()
	m.PassthroughBegins()
	m.PassthroughEnds()
	m.ConnectError()
	m.Handshake("ok")
	m.Handshake("ok")
	m.Published(nil)
	m.Published(errors.New("no"))
	m.Refused("too_many")
	for _, passed := range []bool{true, false, true} {
		m.Checked(passed)
	}
	if d := cmp.Diff(exposition, scrape()); d != "" {
		t.Error(d)
	}
}

func TestARouteThatIsForgottenIsNotExposed(t *testing.T) {
	m, scrape := start(t)
	const n = 10 * fewestSlots // the table grows several times
	for i := range n {
		m.Done(&access.Record{Route: fmt.Sprint("r", i), Status: 200}, nil)
	}
	for i := range n {
		if i != 7 {
			m.Forget(fmt.Sprint("r", i))
		}
	}
	m.Forget("never")
	m.Done(&access.Record{Route: "r8", Status: 200}, nil)
	m.Done(&access.Record{Route: "r7", Status: 200}, nil)
	got := scrape()
	if n := strings.Count(got, "fairlead_requests_total{"); n != 2 {
		t.Errorf("%d series", n)
	}
	for _, want := range []string{`{code="200",route="r7"} 2`, `{code="200",route="r8"} 1`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %s", want, got)
		}
	}
}

func TestNothingIsLostWhereManyCountAtOnce(t *testing.T) {
	m, scrape := start(t)
	const workers, each, keys = 8, 2000, 300
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() {
			for i := range each {
				m.Begin()
				m.Refused(fmt.Sprint("reason", i%3))
				m.Done(&access.Record{Listener: listeners[w%2], Route: fmt.Sprint("r", i%keys), Status: 200 + i%5, Duration: 1}, nil)
				m.Forget("gone")
				m.Done(&access.Record{Route: "gone", Status: 200}, nil)
			}
		})
	}
	for range 10 {
		scrape()
	}
	all.Wait()
	total := uint64(0)
	m.routes.each(func(key string, _ int, n uint64) {
		if key != "gone" {
			total += n
		}
	})
	if total != workers*each || m.routes.n > keys+1 {
		t.Errorf("%d requests of %d Routes", total, m.routes.n)
	}
	for _, want := range []string{
		"fairlead_request_duration_seconds_count{listener=\"http\"} 8000\n",
		"fairlead_request_duration_seconds_sum{listener=\"https\"} 8000\n",
	} {
		if !strings.Contains(scrape(), want) {
			t.Error("missing:", want)
		}
	}
}

func TestCountingTakesNoMemory(t *testing.T) {
	m, _ := start(t)
	r := &access.Record{Listener: "https", Route: "a", Status: 200, Duration: 0.001}
	if n := testing.AllocsPerRun(100, func() { request(m, r) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func request(m *Metrics, r *access.Record) {
	m.Begin()
	m.Done(r, nil)
}

func BenchmarkRequest(b *testing.B) {
	m, _ := start(b)
	for i := range 10_000 {
		m.Done(&access.Record{Route: fmt.Sprint("default/route-", i), Status: 200}, nil)
	}
	r := &access.Record{Listener: "https", Route: "default/route-5000", Status: 200, Duration: 0.001}
	b.ReportAllocs()
	for b.Loop() {
		request(m, r)
	}
}
