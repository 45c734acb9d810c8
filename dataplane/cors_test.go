package dataplane

import (
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

// corsOf are the CORS fields of an answer, and Vary.
func corsOf(h http.Header) map[string]string {
	out := map[string]string{}
	for name := range h {
		if short, ok := strings.CutPrefix(name, "Access-Control-"); ok || name == "Vary" {
			out[short] = strings.Join(h.Values(name), "|")
		}
	}
	return out
}

func TestCORS(t *testing.T) {
	r := startRig(t)
	withCORS := snapshot.Filter{CORS: &snapshot.CORS{Origins: []string{"https://*.example"}, Methods: []string{"*"}, Expose: []string{"X-Origin"}, Credentials: true, MaxAge: 5}}
	s := oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*")
		w.Header().Set("X-Method", req.Method)
	}, func(rt *snapshot.Route) {
		put := prefix("/put")
		put[0].Method = "PUT"
		to := rt.Rules[0].Backends
		rt.Rules = []snapshot.Rule{
			{Name: "puts", Matches: put, Filters: []snapshot.Filter{withCORS}, Backends: to},
			{Name: "moved", Matches: prefix("/moved"), Filters: []snapshot.Filter{withCORS, {Redirect: &snapshot.Redirect{Hostname: "b.local", StatusCode: 302}}}},
			{Name: "backend", Matches: prefix("/backend"), Backends: []snapshot.BackendRef{{Backend: "o", Weight: 1, Filters: []snapshot.Filter{withCORS}}}},
			{Name: "rest", Matches: prefix("/"), Backends: to},
		}
	})
	r.publish(s)
	allowed := map[string]string{"Allow-Origin": "https://a.example", "Allow-Credentials": "true", "Expose-Headers": "X-Origin", "Vary": "Origin"}
	preflight := map[string]string{"Allow-Methods": "PUT", "Max-Age": "5"}
	for name, value := range allowed {
		preflight[name] = value
	}
	for _, tc := range []struct {
		name, method, path, origin, asks string
		status                           int
		seen                             string // the method that the backend saw
		want                             map[string]string
	}{
		{"a preflight is matched as what it asks about", "OPTIONS", "/put", "https://a.example", "PUT", 204, "", preflight},
		{"a preflight of another origin", "OPTIONS", "/put", "https://a.evil", "PUT", 204, "", map[string]string{"Vary": "Origin"}},
		{"a preflight for a rule without CORS", "OPTIONS", "/put", "https://a.example", "GET", 200, "OPTIONS", map[string]string{"Allow-Origin": "*"}},
		{"OPTIONS that is no preflight", "OPTIONS", "/put", "https://a.example", "", 200, "OPTIONS", map[string]string{"Allow-Origin": "*"}},
		{"a preflight for a redirect", "OPTIONS", "/moved", "https://a.example", "PUT", 204, "", preflight},
		{"a preflight for a backend with CORS", "OPTIONS", "/backend", "https://a.example", "PUT", 204, "", preflight},
		{"the request itself", "PUT", "/put", "https://a.example", "", 200, "PUT", allowed},
		{"of another origin", "PUT", "/put", "https://a.evil", "", 200, "PUT", map[string]string{"Vary": "Origin"}},
		{"of no origin", "PUT", "/put", "", "", 200, "PUT", map[string]string{"Vary": "Origin"}},
		{"a redirect", "GET", "/moved", "https://a.example", "", 302, "", allowed},
		{"by a backend's filter", "GET", "/backend", "https://a.example", "", 200, "GET", allowed},
		{"a rule without", "GET", "/", "https://a.example", "", 200, "GET", map[string]string{"Allow-Origin": "*"}},
	} {
		for version, c := range map[string]*http.Client{"h1": r.client(), "h2": r.client(withH2C)} {
			req := request(t, tc.method, "http://a.local"+tc.path, "")
			for name, value := range map[string]string{"Origin": tc.origin, "Access-Control-Request-Method": tc.asks} {
				if value != "" {
					req.Header.Set(name, value)
				}
			}
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if d := cmp.Diff(tc.want, corsOf(res.Header)); d != "" || res.StatusCode != tc.status || res.Header.Get("X-Method") != tc.seen {
				t.Errorf("%s, %s: %d, the backend saw %q\n%s", tc.name, version, res.StatusCode, res.Header.Get("X-Method"), d)
			}
		}
	}
}

func TestAccess(t *testing.T) {
	r := startRig(t, func(c *Config) { c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")} })
	s := oneRoute(t, nil, func(rt *snapshot.Route) {
		rt.Access = &snapshot.Access{Allow: []string{"10.0.0.0/8"}, Deny: []string{"10.0.0.9/32"}}
	})
	r.publish(s)
	for client, want := range map[string]int{"10.1.2.3": 200, "10.0.0.9": 403, "192.0.2.1": 403, "": 403} {
		for version, c := range map[string]*http.Client{"h1": r.client(), "h2": r.client(withH2C)} {
			req := request(t, "GET", "http://a.local/", "")
			if client != "" {
				req.Header.Set("X-Forwarded-For", client)
			}
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("%s, %s: %d", client, version, res.StatusCode)
			}
		}
	}
}

func TestAccessToWhatIsPassedThrough(t *testing.T) {
	dialers := map[string]func(*Config){"relay": func(*Config) {}, "no relay": func(c *Config) { c.Dialer = struct{ Direct }{} }}
	for name, change := range dialers {
		r := startRig(t, change)
		s := secureOrigin(t, newAuthority(t).leaf(), nil)
		rt := routeTo("a.local", "o")
		rt.TLS = snapshot.TLSPassthrough
		denied := routeTo("b.local", "o")
		denied.TLS, denied.Access = snapshot.TLSPassthrough, &snapshot.Access{Deny: []string{"127.0.0.0/8"}}
		rt.Access = &snapshot.Access{Allow: []string{"127.0.0.0/8"}}
		r.publish(snapshot.Snapshot{Routes: []*snapshot.Route{rt, denied}, Backends: []snapshot.Backend{backendOf("o", s)}})
		if _, err := r.handshake("a.local"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.handshake("b.local"); err == nil || strings.Contains(err.Error(), "unrecognized") {
			t.Errorf("%s: who may not come: %v", name, err)
		}
		until(t, "it is logged", func() bool { return strings.Contains(r.log.String(), "not admitted") })
	}
}
