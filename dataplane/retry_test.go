package dataplane

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

// failing answers with a code the first times, then with "ok".
func failing(times int, code int) (http.HandlerFunc, *atomic.Int32) {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if int(n.Add(1)) <= times {
			http.Error(w, "failing", code)
			return
		}
		fmt.Fprintf(w, "ok %s", b)
	}, &n
}

func TestRetries(t *testing.T) {
	retry := &snapshot.Retry{Attempts: 3, Codes: []int{500}, Backoff: time.Millisecond}
	for _, c := range []struct {
		name        string
		retry       *snapshot.Retry
		times, code int
		status      int
		tries       int32
	}{
		{"twice 500 gives 200", retry, 2, 500, 200, 3},
		{"four times gives 500", retry, 4, 500, 500, 4},
		{"one 503 gives 503", retry, 1, 503, 503, 1},
		{"without retry the first is given", nil, 1, 500, 500, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startRig(t)
			h, tries := failing(c.times, c.code)
			r.publish(oneRoute(t, h, func(rt *snapshot.Route) { rt.Rules[0].Retry = c.retry }))
			res, err := r.client().Post("http://a.local/", "text/plain", strings.NewReader("body"))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			b, _ := io.ReadAll(res.Body)
			if res.StatusCode != c.status || tries.Load() != c.tries {
				t.Errorf("%d after %d tries", res.StatusCode, tries.Load())
			}
			if res.StatusCode == 200 && string(b) != "ok body" {
				t.Errorf("the body was not sent again: %s", b)
			}
		})
	}
}

func TestABodyThatIsNotKeptIsSentOnce(t *testing.T) {
	r := startRig(t, func(c *Config) { c.MaxReplay = 20000 })
	h, tries := failing(1, 500)
	r.publish(oneRoute(t, h, func(rt *snapshot.Route) { rt.Rules[0].Retry = &snapshot.Retry{Attempts: 3, Codes: []int{500}} }))
	for _, c := range []struct{ size, status, tries int }{{20001, 500, 1}, {20000, 200, 2}} {
		tries.Store(0)
		res, err := r.client().Post("http://a.local/", "text/plain", strings.NewReader(strings.Repeat("x", c.size)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != c.status || int(tries.Load()) != c.tries {
			t.Errorf("%d bytes: %d after %d tries", c.size, res.StatusCode, tries.Load())
		}
	}
}

func TestTimeouts(t *testing.T) {
	slow := func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	var first atomic.Bool
	slowOnce := func(w http.ResponseWriter, r *http.Request) {
		if first.CompareAndSwap(false, true) {
			<-r.Context().Done()
		}
	}
	for _, c := range []struct {
		name   string
		h      http.HandlerFunc
		change func(*snapshot.Rule)
		status int
		why    string
	}{
		{"the request's", slow, func(r *snapshot.Rule) { r.Request = 50 * time.Millisecond }, 504, "the time for the request is spent"},
		{"the try's", slow, func(r *snapshot.Rule) { r.BackendRequest = 50 * time.Millisecond }, 504, "the time for the try is spent"},
		{"a spent try is retried", slowOnce, func(r *snapshot.Rule) {
			r.BackendRequest, r.Retry = 50*time.Millisecond, &snapshot.Retry{Attempts: 1}
		}, 200, ""},
		{"retries end with the request", slow, func(r *snapshot.Rule) {
			r.Request, r.BackendRequest, r.Retry = 120*time.Millisecond, 50*time.Millisecond, &snapshot.Retry{Attempts: 100}
		}, 504, "the time for the request is spent"},
		{"a pause ends with the request", slow, func(r *snapshot.Rule) {
			r.Request, r.BackendRequest, r.Retry = 100*time.Millisecond, 50*time.Millisecond, &snapshot.Retry{Attempts: 1, Backoff: time.Hour}
		}, 504, "the time for the request is spent"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := startRig(t)
			r.publish(oneRoute(t, c.h, func(rt *snapshot.Route) { c.change(&rt.Rules[0]) }))
			if status, body := get(t, r.client(), "http://a.local/"); status != c.status || !strings.Contains(body, c.why) {
				t.Error(status, body)
			}
		})
	}
}

func TestATimeoutWithinTheAnswerCutsIt(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		fmt.Fprint(w, "begin")
		w.(http.Flusher).Flush()
		<-req.Context().Done()
	}, func(rt *snapshot.Route) { rt.Rules[0].Request = 100 * time.Millisecond }))
	res, err := r.client().Get("http://a.local/")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%q came as if it were all", b)
	}
}

func TestAFailedConnectIsTriedElsewhereAndEjects(t *testing.T) {
	r := startRig(t)
	s := oneRoute(t, nil)
	s.Backends[0] = backendOf("o", origin(t, "good", nil))
	s.Backends[0].Endpoints = append(s.Backends[0].Endpoints, snapshot.Endpoint{ID: "o9", Address: closedAddress(t)})
	r.publish(s)
	<-r.plane.Changed()
	c := r.client()
	for range 10 {
		// A POST too: the Endpoint has seen nothing of it.
		res, err := c.Post("http://a.local/", "text/plain", strings.NewReader(strings.Repeat("x", 1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatal(res.Status)
		}
	}
	select {
	case <-r.plane.Changed():
	case <-time.After(patience):
		t.Error("nobody was told of the failed connect")
	}
	until(t, "it is ejected", func() bool {
		get(t, c, "http://a.local/")
		return cmp.Equal([]string{"o9"}, r.plane.Report().Ejected)
	})
	// All ejected are still tried.
	s.Backends[0].Endpoints = s.Backends[0].Endpoints[1:]
	r.publish(s)
	if status, _ := get(t, c, "http://a.local/"); status != 502 {
		t.Error(status)
	}
	s.Backends[0].Endpoints = nil
	r.publish(s)
	res, err := c.Get("http://a.local/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 503 || res.Header.Get("Retry-After") == "" || r.plane.Report().Ejected != nil {
		t.Error(res.Status, res.Header, r.plane.Report().Ejected)
	}
}

// closer is an origin that answers the first request on each connection and
// closes it when the second has come. It counts both.
type closer struct {
	net.Listener
	answered, closed atomic.Int32
}

func newCloser(t *testing.T) *closer {
	c := &closer{Listener: listenLocal(t)}
	t.Cleanup(func() { c.Close() })
	go func() {
		for {
			conn, err := c.Accept()
			if err != nil {
				return
			}
			go c.serve(conn)
		}
	}()
	return c
}

func (c *closer) serve(conn net.Conn) {
	defer conn.Close()
	b := make([]byte, 4096)
	if _, err := conn.Read(b); err != nil {
		return
	}
	c.answered.Add(1)
	fmt.Fprint(conn, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfirst")
	if _, err := conn.Read(b); err == nil {
		c.closed.Add(1)
	}
}

func TestAStalePooledConnectionIsTriedAgainWhereThatIsSafe(t *testing.T) {
	r := startRig(t)
	stale := newCloser(t)
	s := snapshot.Snapshot{
		Routes:   []*snapshot.Route{routeTo("a.local", "o")},
		Backends: []snapshot.Backend{{ID: "o", Name: "o", Endpoints: []snapshot.Endpoint{{ID: "stale", Address: stale.Addr().String()}}}},
	}
	r.publish(s)
	c := r.client()
	send := func(method string) int {
		res, err := c.Do(request(t, method, "http://a.local/", "body"))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode
	}
	for range 2 {
		for _, method := range []string{"PUT", "GET", "DELETE"} {
			if status := send(method); status != 200 {
				t.Error(method, status)
			}
		}
	}
	if stale.closed.Load() == 0 {
		t.Fatal("no connection was stale")
	}
	send("GET") // leaves a connection in the pool, or spends one
	closed := stale.closed.Load()
	statuses := []int{send("POST"), send("POST")}
	if stale.closed.Load() == closed || !cmp.Equal(statuses, []int{502, 200}) && !cmp.Equal(statuses, []int{200, 502}) {
		t.Errorf("a POST must not be sent twice: %v", statuses)
	}
}

func TestABackOffFollowsAnEjection(t *testing.T) {
	r := startRig(t)
	l := listenLocal(t)
	address := l.Addr().String()
	l.Close()
	r.publish(snapshot.Snapshot{
		Routes:   []*snapshot.Route{routeTo("a.local", "o")},
		Backends: []snapshot.Backend{{ID: "o", Name: "o", Endpoints: []snapshot.Endpoint{{ID: "late", Address: address}}}},
	})
	c := r.client()
	if status, _ := get(t, c, "http://a.local/"); status != 502 {
		t.Fatal(status)
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal("the port was taken meanwhile:", err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	go func() { _ = srv.Serve(l) }()
	defer srv.Close()
	if status, _ := get(t, c, "http://a.local/"); status != 200 {
		t.Error("an ejected Endpoint that is the only one is tried at once:", status)
	}
	if got := r.plane.Report().Ejected; got != nil {
		t.Error("a success did not end the ejection:", got)
	}
}

// hanging is a Dialer whose connects to an address hang.
type hanging struct{ address string }

func (h hanging) DialEndpoint(ctx context.Context, network, address string) (net.Conn, error) {
	if address == h.address {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return Direct{}.DialEndpoint(ctx, network, address)
}

func TestAConnectThatHangsIsGivenUp(t *testing.T) {
	r := startRig(t, func(c *Config) { c.Dialer, c.DialTimeout = hanging{"192.0.2.1:80"}, 50*time.Millisecond })
	s := oneRoute(t, nil)
	s.Backends[0] = backendOf("o", origin(t, "good", nil))
	s.Backends[0].Endpoints = append([]snapshot.Endpoint{{ID: "cut off", Address: "192.0.2.1:80"}}, s.Backends[0].Endpoints...)
	r.publish(s)
	for range 4 {
		if status, _ := get(t, r.client(), "http://a.local/"); status != 200 {
			t.Error(status)
		}
	}
	until(t, "it is ejected", func() bool {
		get(t, r.client(), "http://a.local/")
		return cmp.Equal([]string{"cut off"}, r.plane.Report().Ejected)
	})
}

func TestAFailedConnectToAnH2CEndpointIsTriedElsewhere(t *testing.T) {
	r := startRig(t)
	b := backendOf("o", h2cOrigin(t, func(w http.ResponseWriter, req *http.Request) { fmt.Fprint(w, req.Proto) }))
	b.Protocol = snapshot.H2C
	b.Endpoints = append(b.Endpoints, snapshot.Endpoint{ID: "o9", Address: closedAddress(t)})
	r.publish(snapshot.Snapshot{Routes: []*snapshot.Route{routeTo("a.local", "o")}, Backends: []snapshot.Backend{b}})
	c := r.client()
	for range 4 {
		res, err := c.Post("http://a.local/", "text/plain", strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != 200 || string(body) != "HTTP/2.0" {
			t.Error(res.Status, string(body))
		}
	}
}

func TestAnH2CConnectionThatEndedIsReplaced(t *testing.T) {
	r := startRig(t)
	first := h2cOrigin(t, func(w http.ResponseWriter, req *http.Request) {})
	b := backendOf("o", first)
	b.Protocol = snapshot.H2C
	r.publish(snapshot.Snapshot{Routes: []*snapshot.Route{routeTo("a.local", "o")}, Backends: []snapshot.Backend{b}})
	c := r.client()
	for range 5 {
		res, err := c.Do(request(t, "PUT", "http://a.local/", "body"))
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Error(res.Status)
		}
		first.CloseClientConnections()
	}
}
