package dataplane

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestRequestsAreServedOnBothListeners(t *testing.T) {
	r := startRig(t)
	r.mount("c", "tls.local")
	r.publish(snapshot.Snapshot{
		Routes:       []*snapshot.Route{routeTo("plain.local", "b"), terminated(routeTo("tls.local", "b"), "c"), routeTo("none.local", "none"), routeTo("bad.local", "")},
		Backends:     []snapshot.Backend{backendOf("b", origin(t, "hello", nil)), {ID: "none", Name: "none"}},
		Certificates: []snapshot.Certificate{certificateOf("c")},
	})
	r.loaded()
	for _, c := range []struct {
		client *http.Client
		url    string
		status int
		body   string
	}{
		{r.client(), "http://plain.local/x", 200, "hello"},
		{r.client(withH2C), "http://plain.local/x", 200, "hello"},
		{r.client(), "https://tls.local/x", 200, "hello"},
		{r.client(withHTTP2), "https://tls.local/x", 200, "hello"},
		{r.client(), "http://unknown.local/", 404, ""},
		{r.client(), "http://none.local/", 503, ""},
		{r.client(), "http://bad.local/", 500, ""},
	} {
		status, body := get(t, c.client, c.url)
		if status != c.status || !strings.Contains(body, c.body) {
			t.Errorf("%s: %d %s", c.url, status, body)
		}
	}
	res, err := r.client().Get("http://tls.local/a?b=c")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	port := r.https[strings.LastIndex(r.https, ":"):]
	if want := "https://tls.local" + port + "/a?b=c"; res.StatusCode != 308 || res.Header.Get("Location") != want {
		t.Errorf("%d %s, want %s", res.StatusCode, res.Header.Get("Location"), want)
	}
}

func TestPublishIsAllOrNothing(t *testing.T) {
	r := startRig(t)
	good := snapshot.Snapshot{Routes: []*snapshot.Route{routeTo("a.local", "b")}, Backends: []snapshot.Backend{backendOf("b", origin(t, "a", nil))}}
	r.publish(good)
	bad := snapshot.Snapshot{Routes: []*snapshot.Route{routeTo("a.local", "missing")}}
	if err := r.plane.Publish(t.Context(), bad.Seal()); err == nil {
		t.Error("no error")
	}
	if status, _ := get(t, r.client(), "http://a.local/"); status != 200 {
		t.Error("the bad snapshot did harm")
	}
	world := r.plane.World()
	r.publish(good)
	if r.plane.World() != world {
		t.Error("an equal snapshot was published again")
	}
	if got := r.plane.Report().Version; got != good.Seal().Version {
		t.Error(got)
	}
}

func TestMetricsAndAccessLog(t *testing.T) {
	reg := prometheus.NewRegistry()
	r := startRig(t, func(c *Config) { c.Metrics = reg })
	s := snapshot.Snapshot{Routes: []*snapshot.Route{routeTo("a.local", "b")}, Backends: []snapshot.Backend{backendOf("b", origin(t, "hello", nil))}}
	r.publish(s)
	get(t, r.client(), "http://a.local/x%20y?q=1")
	until(t, "the line is written", func() bool { return strings.Contains(r.log.String(), "\n") })
	for _, want := range []string{`"route":"a.local"`, `"endpoint":"b0"`, `"status":200`, `"bytes_out":5`, `"path":"/x%20y"`, `"client":"127.0.0.1"`, `"request_id":"`} {
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("no %s in %s", want, r.log)
		}
	}
	if got := series(t, reg); !strings.Contains(got, "fairlead_requests_total{a.local,200} 1") || !strings.Contains(got, "fairlead_endpoints{ready} 1") {
		t.Error(got)
	}
	r.publish(snapshot.Snapshot{})
	if got := series(t, reg); strings.Contains(got, "a.local") {
		t.Error("a removed Route keeps its series:", got)
	}
}

// series prints a registry's counters and gauges.
func series(t *testing.T, reg *prometheus.Registry) string {
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, f := range families {
		for _, m := range f.Metric {
			var labels []string
			for _, l := range m.Label {
				labels = append([]string{l.GetValue()}, labels...)
			}
			fmt.Fprintf(&b, "%s{%s} %v\n", f.GetName(), strings.Join(labels, ","), m.GetCounter().GetValue()+m.GetGauge().GetValue())
		}
	}
	return b.String()
}
