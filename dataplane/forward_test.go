package dataplane

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

// seen is a request as a backend saw it.
type seen struct {
	Method, Host, URI, Body string
	Header                  http.Header
}

// mirror answers with what it saw.
func mirror(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	w.Header().Set("X-Origin", "1")
	_ = json.NewEncoder(w).Encode(seen{r.Method, r.Host, r.RequestURI, string(body), r.Header})
}

// ask sends a request and returns what the mirror saw of it.
func ask(t *testing.T, c *http.Client, req *http.Request) (seen, *http.Response) {
	t.Helper()
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var s seen
	if err := json.NewDecoder(res.Body).Decode(&s); err != nil {
		t.Fatal(res.Status, err)
	}
	return s, res
}

func request(t *testing.T, method, url, body string) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return req
}

// oneRoute serves a.local with one backend that h answers for.
func oneRoute(t *testing.T, h http.HandlerFunc, change ...func(*snapshot.Route)) snapshot.Snapshot {
	r := routeTo("a.local", "o")
	for _, c := range change {
		c(r)
	}
	return snapshot.Snapshot{Routes: []*snapshot.Route{r}, Backends: []snapshot.Backend{backendOf("o", origin(t, "", h))}}
}

func TestRequestsArriveAsTheyWereSent(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, mirror))
	req := request(t, "POST", "http://a.local/a%2Fb//c/../d?x=%20&&y", "body")
	req.Header = http.Header{
		"Connection": {"X-Private, keep-alive"}, "X-Private": {"1"}, "Keep-Alive": {"1"}, "Te": {"trailers, deflate"}, "User-Agent": {""},
		"X-Many": {"1", "2"}, "X-Forwarded-For": {"6.6.6.6"}, "X-Real-Ip": {"6.6.6.6"}, "X-Request-Id": {"forged"}, "Forwarded": {"for=6.6.6.6"}, "X-Forwarded-Proto": {"https"},
	}
	got, res := ask(t, r.client(), req)
	if got.Method != "POST" || got.Host != "a.local" || got.URI != "/a%2Fb//c/../d?x=%20&&y" || got.Body != "body" {
		t.Errorf("%+v", got)
	}
	id := got.Header.Get("X-Request-Id")
	if len(id) != 32 {
		t.Errorf("request id %q", id)
	}
	delete(got.Header, "X-Request-Id")
	want := http.Header{
		"Accept-Encoding": {"gzip"}, "Content-Length": {"4"}, "Te": {"trailers"}, "Connection": {"TE"}, "X-Many": {"1", "2"},
		"X-Forwarded-For": {"127.0.0.1"}, "X-Real-Ip": {"127.0.0.1"}, "X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"a.local"},
	}
	if d := cmp.Diff(want, got.Header); d != "" {
		t.Error(d)
	}
	if res.Header.Get("X-Origin") != "1" {
		t.Error(res.Header)
	}
}

func TestATrustedPeerIsBelieved(t *testing.T) {
	r := startRig(t, func(c *Config) {
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	r.publish(oneRoute(t, mirror))
	req := request(t, "GET", "http://a.local/", "")
	req.Header = http.Header{"X-Forwarded-For": {"6.6.6.6, 7.7.7.7", "10.1.1.1"}, "X-Request-Id": {"mine"}, "X-Forwarded-Proto": {"https"}}
	got, _ := ask(t, r.client(), req)
	for name, want := range map[string]string{
		"X-Forwarded-For": "6.6.6.6, 7.7.7.7, 10.1.1.1, 127.0.0.1", "X-Real-Ip": "7.7.7.7", "X-Request-Id": "mine",
		"X-Forwarded-Proto": "https", "X-Forwarded-Host": "a.local",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	until(t, "the line is written", func() bool { return strings.Contains(r.log.String(), `"client":"7.7.7.7"`) })
}

func TestFilters(t *testing.T) {
	r := startRig(t)
	s := oneRoute(t, mirror, func(rt *snapshot.Route) {
		rule := func(path string, filters ...snapshot.Filter) snapshot.Rule {
			return snapshot.Rule{Name: path, Matches: prefix(path), Filters: filters, Backends: rt.Rules[0].Backends}
		}
		rt.Rules = []snapshot.Rule{
			rule("/rewrite", snapshot.Filter{Rewrite: &snapshot.Rewrite{Hostname: "inner.local", Path: &snapshot.PathModifier{Prefix: true, Value: "/v2"}}}),
			rule("/full", snapshot.Filter{Rewrite: &snapshot.Rewrite{Path: &snapshot.PathModifier{Value: "/a b"}}}),
			rule("/headers",
				snapshot.Filter{RequestHeaders: &snapshot.HeaderModifier{Set: []snapshot.Header{{Name: "X-A", Value: "set"}}, Remove: []string{"X-B"}}},
				snapshot.Filter{ResponseHeaders: &snapshot.HeaderModifier{Add: []snapshot.Header{{Name: "X-Origin", Value: "2"}}, Remove: []string{"Content-Type"}}}),
			rule("/go", snapshot.Filter{Redirect: &snapshot.Redirect{Scheme: "https", StatusCode: 301, Path: &snapshot.PathModifier{Prefix: true, Value: "/went"}}}),
		}
		rt.Rules[0].Backends = []snapshot.BackendRef{{Backend: "o", Weight: 1, Filters: []snapshot.Filter{{RequestHeaders: &snapshot.HeaderModifier{Set: []snapshot.Header{{Name: "X-Backend", Value: "1"}}}}}}}
	})
	r.publish(s)
	c := r.client()
	if got, _ := ask(t, c, request(t, "GET", "http://a.local/rewrite/x%2Fy?q", "")); got.URI != "/v2/x%2Fy?q" || got.Host != "inner.local" || got.Header.Get("X-Backend") != "1" || got.Header.Get("X-Forwarded-Host") != "a.local" {
		t.Errorf("%+v", got)
	}
	if got, _ := ask(t, c, request(t, "GET", "http://a.local/full/x", "")); got.URI != "/a%20b" {
		t.Errorf("%+v", got)
	}
	req := request(t, "GET", "http://a.local/headers", "")
	req.Header = http.Header{"X-A": {"1"}, "X-B": {"1"}}
	got, res := ask(t, c, req)
	if got.Header.Get("X-A") != "set" || got.Header.Get("X-B") != "" || !cmp.Equal(res.Header["X-Origin"], []string{"1", "2"}) || res.Header["Content-Type"] != nil {
		t.Errorf("%+v %v", got, res.Header)
	}
	res, err := c.Get("http://a.local/go/x?q=1")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 301 || res.Header.Get("Location") != "https://a.local/went/x?q=1" {
		t.Error(res.StatusCode, res.Header)
	}
}

func TestWeights(t *testing.T) {
	r := startRig(t)
	rt := routeTo("a.local", "x")
	rt.Rules[0].Backends = []snapshot.BackendRef{{Backend: "x", Weight: 3}, {Backend: "y", Weight: 1}, {Backend: "", Weight: 1}, {Backend: "x", Weight: 0}}
	r.publish(snapshot.Snapshot{Routes: []*snapshot.Route{rt}, Backends: []snapshot.Backend{backendOf("x", origin(t, "x", nil)), backendOf("y", origin(t, "y", nil))}})
	counts := map[string]int{}
	c := r.client()
	for range 20 {
		status, body := get(t, c, "http://a.local/")
		counts[fmt.Sprintf("%d %.1s", status, body)]++
	}
	if d := cmp.Diff(map[string]int{"200 x": 12, "200 y": 4, "500 I": 4}, counts); d != "" {
		t.Error(d)
	}
}

func TestExpectContinueComesFromTheEndpoint(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/no" {
			http.Error(w, "no", http.StatusExpectationFailed)
			return
		}
		mirror(w, req)
	}))
	for path, want := range map[string]string{"/yes": "HTTP/1.1 100 Continue", "/no": "HTTP/1.1 417 Expectation Failed"} {
		c, err := net.Dial("tcp", r.http)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		fmt.Fprintf(c, "POST %s HTTP/1.1\r\nHost: a.local\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n", path)
		br := bufio.NewReader(c)
		line, err := textproto.NewReader(br).ReadLine()
		if err != nil || line != want {
			t.Errorf("%s: %q %v", path, line, err)
		}
		if path == "/no" {
			continue
		}
		_, _ = textproto.NewReader(br).ReadLine()
		fmt.Fprint(c, "body")
		res, err := http.ReadResponse(br, nil)
		if err != nil {
			t.Fatal(err)
		}
		if b, _ := io.ReadAll(res.Body); !strings.Contains(string(b), `"Body":"body"`) {
			t.Errorf("%s", b)
		}
	}
}

func TestInterimAnswersArePassedOn(t *testing.T) {
	r := startRig(t)
	release := make(chan struct{})
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Link", "</a.css>")
		w.WriteHeader(http.StatusEarlyHints)
		<-release
		w.Header().Del("Link")
		fmt.Fprint(w, "done")
	}))
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a.local\r\n\r\n")
	br := bufio.NewReader(c)
	res, err := http.ReadResponse(br, nil)
	if err != nil || res.StatusCode != 103 || res.Header.Get("Link") != "</a.css>" {
		t.Fatal(res, err)
	}
	close(release)
	res, err = http.ReadResponse(br, nil)
	if err != nil || res.StatusCode != 200 || res.Header.Get("Link") != "" {
		t.Error(res, err)
	}
}

func TestABrokenAnswerIsNotTakenForAWholeOne(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		w.(http.Flusher).Flush()
		fmt.Fprint(w, "half")
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}))
	for _, c := range []*http.Client{r.client(), r.client(withH2C)} {
		res, err := c.Get("http://a.local/")
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(res.Body); err == nil {
			t.Errorf("%q came as if it were all", b)
		}
		res.Body.Close()
	}
}

func TestAnEarlyAnswerDoesNotWaitForTheBody(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		http.Error(w, "too large", http.StatusRequestEntityTooLarge)
	}))
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: a.local\r\nContent-Length: 1000000\r\n\r\nsome")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Fatal(res, err)
	}
	if b, err := io.ReadAll(res.Body); err != nil || !strings.Contains(string(b), "too large") {
		t.Errorf("%q %v", b, err)
	}
	until(t, "the exchange ends", func() bool { return strings.Contains(r.log.String(), `"status":413`) })
}
