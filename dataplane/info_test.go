package dataplane

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/proxy"
)

// informing is a Config that names the data plane.
func informing(c *Config) {
	c.Info = &proxy.Info{Proxy: "0123456789ab", Server: "fairlead/1 (abcdef12) linux/amd64"}
}

var infoNames = []string{"X-Request-Id", "X-Proxy-Id", "X-Server-Info", "X-Upstream-Addr", "X-Upstream-Response-Time"}

// checkInfo demands exactly the first n information headers.
func checkInfo(t *testing.T, what string, h http.Header, n int) {
	t.Helper()
	for i, name := range infoNames {
		if got := len(h[name]); i < n && got != 1 || i >= n && got != 0 {
			t.Errorf("%s: %s: %q", what, name, h[name])
		}
	}
}

// informed are Routes with information headers: one that answers, one that
// redirects, one without Endpoints; and one without.
func informed(t *testing.T) snapshot.Snapshot {
	s := oneRoute(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Proxy-Id", "the origin's")
		w.Header().Set("X-Seen-Id", r.Header.Get("X-Request-Id"))
	}, func(r *snapshot.Route) { r.InfoHeaders = true })
	moved := routeTo("moved.local", "")
	moved.InfoHeaders = true
	moved.Rules[0].Filters = []snapshot.Filter{{Redirect: &snapshot.Redirect{Hostname: "a.local", StatusCode: 302}}}
	none := routeTo("none.local", "none")
	none.InfoHeaders = true
	silent := routeTo("silent.local", "o")
	secure := terminated(routeTo("secure.local", "o"), "c")
	secure.InfoHeaders = true
	s.Routes = append(s.Routes, moved, none, silent, secure)
	s.Backends = append(s.Backends, backendOf("none"))
	s.Certificates = []snapshot.Certificate{certificateOf("c")}
	return s
}

func TestInfoHeaders(t *testing.T) {
	r := startRig(t, informing)
	r.mount("c", "secure.local")
	s := informed(t)
	r.publish(s)
	r.loaded()
	for name, c := range map[string]*http.Client{"h1": r.client(), "h2c": r.client(withH2C), "h2": r.client(withHTTP2)} {
		scheme, host := "http", "a.local"
		if name == "h2" {
			scheme, host = "https", "secure.local"
		}
		res, err := c.Get(scheme + "://" + host + "/")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		checkInfo(t, name, res.Header, 5)
		h := res.Header
		if id := h.Get("X-Request-Id"); !regexp.MustCompile(`^[0-9a-f]{32}$`).MatchString(id) || id != h.Get("X-Seen-Id") {
			t.Errorf("%s: request id %q, the origin saw %q", name, id, h.Get("X-Seen-Id"))
		}
		if h.Get("X-Proxy-Id") != "0123456789ab" || h.Get("X-Server-Info") != "fairlead/1 (abcdef12) linux/amd64" ||
			h.Get("X-Upstream-Addr") != s.Backends[0].Endpoints[0].Address || !regexp.MustCompile(`^[0-9]+\.[0-9]{3}$`).MatchString(h.Get("X-Upstream-Response-Time")) {
			t.Errorf("%s: %v", name, h)
		}
	}
	for host, want := range map[string]struct{ status, headers int }{
		"moved.local": {302, 3}, "secure.local": {308, 3}, "none.local": {503, 0}, "silent.local": {200, 1}, "unknown.local": {404, 0},
	} {
		res, err := r.client().Get("http://" + host + "/")
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if host == "silent.local" {
			if res.Header.Get("X-Proxy-Id") != "the origin's" || res.Header.Get("X-Upstream-Addr") != "" {
				t.Errorf("%s: %v", host, res.Header)
			}
			continue
		}
		if res.StatusCode != want.status {
			t.Errorf("%s: %s", host, res.Status)
		}
		checkInfo(t, host, res.Header, want.headers)
	}
}

func TestInfoHeadersCanBeHiddenForAll(t *testing.T) {
	r := startRig(t)
	r.publish(informed(t))
	res, err := r.client().Get("http://a.local/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if h := res.Header; h.Get("X-Request-Id") != "" || h.Get("X-Upstream-Addr") != "" || h.Get("X-Proxy-Id") != "the origin's" {
		t.Error(h)
	}
}

func TestInfoHeadersOnAnUpgrade(t *testing.T) {
	r := startRig(t, informing)
	r.publish(oneRoute(t, func(w http.ResponseWriter, _ *http.Request) {
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer c.Close()
		fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	}, func(r *snapshot.Route) { r.InfoHeaders = true }))
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: a.local\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatal(res, err)
	}
	checkInfo(t, "101", res.Header, 5)
}

func TestAnUnknownHostIsAnsweredAsInterlockDidWhereAllRoutesAreFromLabels(t *testing.T) {
	r := startRig(t, informing)
	s := oneRoute(t, mirror, func(r *snapshot.Route) { r.InfoHeaders, r.FromLabels = true, true })
	s.Routes[0].Rules[0].Matches = prefix("/app")
	r.publish(s)
	ask := func(url string) *http.Response {
		res, err := r.client().Get(url)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	res := ask("http://unknown.local/")
	for name := range res.Header {
		if strings.HasPrefix(name, "X-") {
			t.Errorf("the answer has %s", name)
		}
	}
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Error(res.Status)
	}
	if res := ask("http://a.local/"); res.StatusCode != http.StatusNotFound {
		t.Error("a known host without a match:", res.Status)
	}
	s.Routes = append(s.Routes, routeTo("by-hand.local", "o"))
	r.publish(s)
	if res := ask("http://unknown.local/"); res.StatusCode != http.StatusNotFound {
		t.Error("with a Route that is not from labels:", res.Status)
	}
}
