package dataplane

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
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

// mirroring is a rig whose counters of copies can be read.
func mirroring(t *testing.T, change ...func(*Config)) (r *rig, counts func() string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	r = startRig(t, append(change, func(c *Config) { c.Metrics = registry })...)
	return r, func() string {
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		counted := map[string]float64{}
		for _, f := range families {
			if f.GetName() == "fairlead_mirrored_requests_total" {
				for _, m := range f.GetMetric() {
					counted[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
				}
			}
		}
		return strings.TrimSuffix(strings.TrimPrefix(fmt.Sprint(counted), "map["), "]")
	}
}

// mirrored serves a.local by an origin that says its name, with copies to others.
func mirrored(t *testing.T, mirrors ...snapshot.Backend) snapshot.Snapshot {
	s := oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/early" {
			http.Error(w, "early", http.StatusTeapot)
			return
		}
		b, _ := io.ReadAll(req.Body)
		fmt.Fprint(w, "origin ", len(b))
	})
	for _, m := range mirrors {
		s.Backends = append(s.Backends, m)
		s.Routes[0].Rules[0].Mirrors = append(s.Routes[0].Rules[0].Mirrors, snapshot.Mirror{Backend: m.ID, Percent: 100})
	}
	return s
}

func TestMirrorsGetWhatTheBackendGets(t *testing.T) {
	r, counts := mirroring(t)
	copies := make(chan seen, 100)
	note := func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		copies <- seen{req.Method, req.Host, req.RequestURI, string(b), req.Header}
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = w.Write(make([]byte, 1<<20))
	}
	a := newAuthority(t)
	r.secrets.set("ca", a.pem())
	secure := backendOf("m3", secureOrigin(t, a.leaf(), note))
	secure.Protocol, secure.TLS = snapshot.HTTPS, &snapshot.BackendTLS{Hostname: "api.internal", Authorities: []string{"ca"}}
	of2 := backendOf("m2", h2cOrigin(t, note))
	of2.Protocol = snapshot.H2C
	s := mirrored(t, backendOf("m1", origin(t, "", note)), of2, secure)
	s.Routes[0].Rules[0].Filters = []snapshot.Filter{{Rewrite: &snapshot.Rewrite{Path: &snapshot.PathModifier{Prefix: true, Value: "/v2"}}}}
	s.Certificates = []snapshot.Certificate{{ID: "ca", Name: "ca", CertSecret: "ca"}}
	r.publish(s)
	r.loaded()
	total := 0
	for version, c := range map[string]*http.Client{"h1": r.client(), "h2": r.client(withH2C)} {
		for name, body := range map[string]io.Reader{"none": nil, "short": strings.NewReader("body"), "chunks": io.MultiReader(strings.NewReader("bo"), strings.NewReader("dy"))} {
			req, err := http.NewRequestWithContext(t.Context(), "POST", "http://a.local/x?y="+name, body)
			if err != nil {
				t.Fatal(err)
			}
			req.Header = http.Header{"X-A": {"1", "2"}, "User-Agent": {"test"}, "Expect": {"100-continue"}, "Te": {"trailers"}}
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			want := map[bool]string{true: "", false: "body"}[name == "none"]
			ids := map[string]bool{}
			for range 3 {
				got := <-copies
				total++
				ids[got.Header.Get("X-Request-Id")] = true
				if got.Method != "POST" || got.Host != "a.local" || got.URI != "/v2/x?y="+name || got.Body != want ||
					!cmp.Equal(got.Header["X-A"], []string{"1", "2"}) || got.Header.Get("X-Forwarded-For") != "127.0.0.1" || got.Header["Expect"] != nil || got.Header["Te"] != nil {
					t.Errorf("%s, %s: %+v", version, name, got)
				}
			}
			if len(ids) != 1 {
				t.Error("request IDs:", ids)
			}
		}
	}
	until(t, "all are counted", func() bool { return counts() == fmt.Sprint("sent:", total) })
}

func TestAShareIsMirrored(t *testing.T) {
	r, counts := mirroring(t)
	s := mirrored(t, backendOf("m1", origin(t, "m", nil)), backendOf("m2", origin(t, "m", nil)))
	s.Routes[0].Rules[0].Mirrors = append(s.Routes[0].Rules[0].Mirrors, snapshot.Mirror{Percent: 100})
	s.Routes[0].Rules[0].Mirrors[0].Percent = 0
	s.Routes[0].Rules[0].Mirrors[1].Percent = 50
	r.publish(s)
	for range 200 {
		get(t, r.client(), "http://a.local/")
	}
	until(t, "no copy is under way", func() bool { return r.plane.World().Backend("m2").Mirrored.Take(1) })
	var n int
	_, _ = fmt.Sscanf(counts(), "sent:%d", &n)
	if n < 50 || n > 150 {
		t.Errorf("%d of 200 were mirrored", n)
	}
}

func TestASlowMirrorHurtsNobody(t *testing.T) {
	r, counts := mirroring(t)
	var here atomic.Int64
	release := make(chan struct{})
	r.publish(mirrored(t, backendOf("slow", origin(t, "", func(http.ResponseWriter, *http.Request) {
		here.Add(1)
		<-release
	})), backendOf("dead")))
	c := r.client()
	for range 70 {
		if status, body := get(t, c, "http://a.local/"); status != 200 || body != "origin 0" {
			t.Fatal(status, body)
		}
	}
	until(t, "those that fit are there", func() bool { return here.Load() == 64 })
	until(t, "the others are counted", func() bool { return counts() == "dropped:6 failed:70" })
	close(release)
	until(t, "all are counted", func() bool { return counts() == "dropped:6 failed:70 sent:64" })
}

func TestWhatIsNotKeptIsNotMirrored(t *testing.T) {
	r, counts := mirroring(t, func(c *Config) { c.MaxReplay = 1000 })
	r.publish(mirrored(t, backendOf("m", origin(t, "m", nil))))
	for _, c := range []*http.Client{r.client(), r.client(withH2C)} {
		for _, size := range []int{1000, 1001, 100_000} {
			for _, body := range []io.Reader{bytes.NewReader(make([]byte, size)), io.MultiReader(bytes.NewReader(make([]byte, size)))} {
				res, err := c.Post("http://a.local/", "", body)
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if string(b) != fmt.Sprint("origin ", size) {
					t.Errorf("%s", b)
				}
			}
		}
	}
	until(t, "all are counted", func() bool { return counts() == "sent:4 too_large:8" })
}

func TestARequestThatIsNotWholeIsNotMirrored(t *testing.T) {
	r, counts := mirroring(t, func(c *Config) { c.MaxReplay = 2 << 20 })
	r.publish(mirrored(t, backendOf("m", origin(t, "m", nil))))
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "POST /early HTTP/1.1\r\nHost: a.local\r\nContent-Length: 1000000\r\n\r\nsome")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusTeapot {
		t.Fatal(res, err)
	}
	c.Close()
	until(t, "it is counted", func() bool { return counts() == "incomplete:1" })
}

func TestNoMirrorHoldsUpTheEnd(t *testing.T) {
	r, counts := mirroring(t)
	here, release := make(chan struct{}), make(chan struct{})
	defer close(release)
	r.publish(mirrored(t, backendOf("slow", origin(t, "", func(http.ResponseWriter, *http.Request) {
		close(here)
		<-release
	}))))
	get(t, r.client(), "http://a.local/")
	<-here
	began := time.Now()
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > patience/2 {
		t.Errorf("the end took %s", took)
	}
	if got := counts(); got != "failed:1" {
		t.Error(got)
	}
}
