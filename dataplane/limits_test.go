package dataplane

import (
	"bufio"
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

	"fairlead.dev/fairlead/dataplane/proxy"
)

// refusals are the counters fairlead_refused_total by reason.
func refusals(t testing.TB, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "fairlead_refused_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
	}
	return got
}

func TestLimitsAreAnsweredAndCounted(t *testing.T) {
	head := "POST / HTTP/1.1\r\nHost: a.local\r\n"
	for name, c := range map[string]struct {
		limits  proxy.Limits
		request string
		status  int
		reason  string
	}{
		"a head that is too long":      {proxy.Limits{HeaderBytes: 1000}, head + "X: " + strings.Repeat("x", 1000) + "\r\n\r\n", 431, "header"},
		"a head that never ends":       {proxy.Limits{HeaderBytes: 1000}, head + "X: " + strings.Repeat("x", 1000), 431, "header"},
		"too many fields":              {proxy.Limits{HeaderFields: 3}, head + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", 431, "header"},
		"a body that says it is large": {proxy.Limits{BodyBytes: 10}, head + "Content-Length: 11\r\n\r\n", 413, "body_bytes"},
		"a body that turns out large":  {proxy.Limits{BodyBytes: 10}, head + "Transfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n0\r\n\r\n", 413, "body_bytes"},
		"a head that trickles":         {proxy.Limits{HeaderTimeout: 50 * time.Millisecond}, head, 408, "header_timeout"},
		"a body that trickles":         {proxy.Limits{BodyGrace: 50 * time.Millisecond}, head + "Content-Length: 10\r\n\r\n012", 408, "body_rate"},
		"chunks that trickle":          {proxy.Limits{BodyGrace: 50 * time.Millisecond}, head + "Transfer-Encoding: chunked\r\n\r\n3\r\n01", 408, "body_rate"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reg := prometheus.NewRegistry()
			r := startRig(t, func(cfg *Config) { cfg.Limits, cfg.Metrics = c.limits, reg })
			r.publish(oneRoute(t, func(_ http.ResponseWriter, req *http.Request) { _, _ = io.Copy(io.Discard, req.Body) }))
			if res, body, _ := speak(t, r.http, c.request); res.StatusCode != c.status || !res.Close {
				t.Errorf("%s, close %v: %s", res.Status, res.Close, body)
			}
			if d := cmp.Diff(map[string]float64{c.reason: 1}, refusals(t, reg)); d != "" {
				t.Error(d)
			}
			until(t, "it is logged", func() bool { return strings.Contains(r.log.String(), fmt.Sprintf(`"status":%d`, c.status)) })
		})
	}
}

func TestWhatIsWithinTheLimitsIsServed(t *testing.T) {
	r := startRig(t, func(cfg *Config) {
		cfg.Limits = proxy.Limits{HeaderBytes: 200, HeaderFields: 4, BodyBytes: 10}
	})
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) { _, _ = io.Copy(w, req.Body) }))
	res, body, _ := speak(t, r.http, "POST / HTTP/1.1\r\nHost: a.local\r\nX: "+strings.Repeat("x", 100)+"\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n")
	if res.StatusCode != 200 || body != "0123456789" {
		t.Error(res.Status, body)
	}
}

func TestAnIdleConnectionIsClosed(t *testing.T) {
	r := startRig(t, func(cfg *Config) { cfg.Limits.IdleTimeout = 50 * time.Millisecond })
	r.publish(oneRoute(t, nil))
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a.local\r\n\r\n")
	in := bufio.NewReader(c)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	if b, err := io.ReadAll(in); err != nil || len(b) > 0 {
		t.Errorf("%q, %v, want the end and nothing said", b, err)
	}
}

func TestAClientThatTakesNothingIsCutOff(t *testing.T) {
	for name, size := range map[string]int{"copied": 0, "spliced": 256 << 20} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			r := startRig(t, func(cfg *Config) { cfg.Limits.WriteTimeout, cfg.Metrics = 100*time.Millisecond, reg })
			var broke atomic.Bool
			r.publish(oneRoute(t, func(w http.ResponseWriter, _ *http.Request) {
				if size > 0 {
					w.Header().Set("Content-Length", fmt.Sprint(size))
				}
				piece := make([]byte, 64<<10)
				for range (256 << 20) / len(piece) {
					if _, err := w.Write(piece); err != nil {
						broke.Store(true)
						return
					}
				}
			}))
			c, err := net.Dial("tcp", r.http)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a.local\r\n\r\n")
			until(t, "the endpoint is let go", broke.Load)
		})
	}
}

func TestRequestsInOnePieceAreAnsweredInOrder(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		b, _ := io.ReadAll(req.Body)
		fmt.Fprintf(w, "%s %s", req.URL.Path, b)
	}))
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	const n = 300 // several buffers of them
	var all strings.Builder
	for i := range n {
		switch i % 3 {
		case 0:
			fmt.Fprintf(&all, "GET /%d HTTP/1.1\r\nHost: a.local\r\n\r\n", i)
		case 1:
			fmt.Fprintf(&all, "POST /%d HTTP/1.1\r\nHost: a.local\r\nContent-Length: 3\r\n\r\nabc", i)
		case 2:
			fmt.Fprintf(&all, "PUT /%d HTTP/1.1\r\nHost: a.local\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n", i)
		}
	}
	go func() { _, _ = io.WriteString(c, all.String()) }()
	in := bufio.NewReader(c)
	for i := range n {
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(i, err)
		}
		b, _ := io.ReadAll(res.Body)
		if want := fmt.Sprintf("/%d %s", i, []string{"", "abc", "de"}[i%3]); string(b) != want {
			t.Fatalf("%q, want %q", b, want)
		}
	}
}

func TestAnswersWithoutABody(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		switch req.URL.Path {
		case "/204":
			w.WriteHeader(204)
		case "/304":
			w.Header().Set("Etag", `"x"`)
			w.WriteHeader(304)
		default:
			w.Header().Set("Content-Length", "1000")
			if req.Method != "HEAD" {
				_, _ = w.Write(make([]byte, 1000))
			}
		}
	}))
	for _, change := range []func(*http.Transport){func(*http.Transport) {}, withH2C} {
		c := r.client(change)
		for range 2 { // the second on the same connection
			for _, w := range []struct {
				method, path string
				status       int
				length       int64
			}{{"GET", "/204", 204, 0}, {"GET", "/304", 304, -1}, {"HEAD", "/", 200, 1000}, {"GET", "/", 200, 1000}} {
				res, err := c.Do(request(t, w.method, "http://a.local"+w.path, ""))
				if err != nil {
					t.Fatal(w, err)
				}
				b, err := io.ReadAll(res.Body)
				res.Body.Close()
				if err != nil || res.StatusCode != w.status || w.length >= 0 && res.ContentLength != w.length || (w.method == "HEAD" || w.status != 200) && len(b) > 0 {
					t.Errorf("%s %s: %s, length %d, %d bytes, %v", w.method, w.path, res.Status, res.ContentLength, len(b), err)
				}
			}
		}
	}
}

func TestAnAnswerHasADate(t *testing.T) {
	r := startRig(t)
	for _, date := range []string{"", "Date: Wed, 25 Nov 2026 12:00:00 GMT\r\n"} {
		r.publish(toAddress(answering(t, "HTTP/1.1 200 OK\r\n"+date+"Content-Length: 0\r\n\r\n")))
		res, _, _ := speak(t, r.http, "GET / HTTP/1.1\r\nHost: a.local\r\nConnection: close\r\n\r\n")
		got := res.Header["Date"]
		if len(got) != 1 {
			t.Fatal(got)
		}
		if _, err := http.ParseTime(got[0]); err != nil || date != "" && !strings.Contains(date, got[0]) {
			t.Error(got, err)
		}
	}
}

func TestHTTP10(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		fmt.Fprint(w, req.Proto, " ")
		w.(http.Flusher).Flush()
		fmt.Fprint(w, "end")
	}))
	res, body, _ := speak(t, r.http, "GET / HTTP/1.0\r\nHost: a.local\r\n\r\n")
	if body != "HTTP/1.1 end" || !res.Close || len(res.TransferEncoding) > 0 {
		t.Error(res.Header, res.TransferEncoding, body)
	}
}

func TestConnectionsThatAreTooManyAreTurnedAway(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Config)
		status int
		reason string
	}{
		"in all":        {func(cfg *Config) { cfg.MaxConnections = 2 }, 503, "connections"},
		"of one client": {func(cfg *Config) { cfg.MaxPerClient = 2 }, 429, "connections_of_address"},
	} {
		t.Run(name, func(t *testing.T) {
			reg := prometheus.NewRegistry()
			r := startRig(t, c.change, func(cfg *Config) { cfg.Metrics = reg })
			r.publish(oneRoute(t, nil))
			open := make([]net.Conn, 2)
			for i := range open {
				var err error
				if open[i], err = net.Dial("tcp", r.http); err != nil {
					t.Fatal(err)
				}
				defer open[i].Close()
				fmt.Fprint(open[i], "GET / HTTP/1.1\r\nHost: a.local\r\n\r\n")
				if res, err := http.ReadResponse(bufio.NewReader(open[i]), nil); err != nil || res.StatusCode != 200 {
					t.Fatal(res, err)
				}
			}
			if res, _, _ := speak(t, r.http, ""); res.StatusCode != c.status || !res.Close {
				t.Error(res.Status)
			}
			if got := refusals(t, reg)[c.reason]; got != 1 {
				t.Errorf("%v were counted", got)
			}
			open[0].Close()
			until(t, "there is room again", func() bool {
				res, _, _ := speak(t, r.http, "GET / HTTP/1.1\r\nHost: a.local\r\nConnection: close\r\n\r\n")
				return res.StatusCode == 200
			})
		})
	}
}
