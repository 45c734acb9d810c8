package routing

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

// route makes a Route with one Rule per path. A path is a prefix, or with "="
// before it exact, or with "~" an expression.
func route(key string, tls snapshot.TLSMode, host string, paths ...string) *snapshot.Route {
	r := &snapshot.Route{Key: key, TLS: tls, Hosts: []string{host}}
	for _, p := range paths {
		m := snapshot.Match{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: p}}
		switch p[0] {
		case '=':
			m.Path = snapshot.PathMatch{Type: snapshot.Exact, Value: p[1:]}
		case '~':
			m.Path = snapshot.PathMatch{Type: snapshot.RegularExpression, Value: p[1:]}
		}
		r.Rules = append(r.Rules, snapshot.Rule{Name: p, Matches: []snapshot.Match{m}})
	}
	return r
}

func table(t testing.TB, routes ...*snapshot.Route) *Table {
	t.Helper()
	tb, err := NewTable(&snapshot.Snapshot{Routes: routes})
	if err != nil {
		t.Fatal(err)
	}
	return tb
}

func get(tb *Table, host, path string) string {
	res := tb.Match(Plain, Request{Host: host, Method: "GET", Path: path})
	if res.Outcome != Found {
		return res.Outcome.String()
	}
	return res.Rule.Route.Key + " " + res.Rule.Spec.Name
}

func TestHosts(t *testing.T) {
	tb := table(t,
		route("exact", "", "a.example.com", "/only"),
		route("wild", "", "*.example.com", "/"),
		route("deep", "", "*.b.example.com", "/"),
		route("any", "", "*", "/"))
	for host, want := range map[string]string{
		"a.example.com":           "NotFound", // no falling through to the wildcard
		"A.Example.COM.:8080":     "NotFound",
		"c.example.com":           "wild /",
		"x.y.example.com":         "wild /",
		"x.b.example.com":         "deep /",
		"b.example.com":           "wild /",
		"example.com":             "any /",
		"":                        "any /",
		"[::1]:80":                "any /",
		strings.Repeat("a.", 1e5): "any /",
	} {
		if got := get(tb, host, "/"); got != want {
			t.Errorf("%.40s: %s, want %s", host, got, want)
		}
	}
	if got := get(tb, "A.Example.COM.:8080", "/only"); got != "exact /only" {
		t.Errorf("port, dot and case are to be ignored: %s", got)
	}
}

func TestPaths(t *testing.T) {
	paths := []string{"/", "/v2", "/v2/long", "=/v2", "~/v[0-9]/.*", "~/v2/lo.*/x"}
	many := append([]string{}, paths...)
	for i := range 20 {
		many = append(many, fmt.Sprintf("/other%d", i), fmt.Sprintf("=/other%d", i))
	}
	for name, tb := range map[string]*Table{"walked": table(t, route("r", "", "h", paths...)), "indexed": table(t, route("r", "", "h", many...))} {
		for path, want := range map[string]string{
			"/v2": "=/v2", "/v2/": "~/v[0-9]/.*", "/v2example": "/", "/v2/long/x": "~/v[0-9]/.*",
			"/v22/long": "/", "/x": "/", "": "/", "/v2/long": "~/v[0-9]/.*", strings.Repeat("/", 1e5): "/",
		} {
			if got := get(tb, "h", path); got != "r "+want {
				t.Errorf("%s: %.40s: %s, want %s", name, path, got, want)
			}
		}
	}
}

func TestPlainListener(t *testing.T) {
	inClear := route("clear", snapshot.TLSTerminate, "both.x", "/clear")
	inClear.InClear = true
	onlyClear := route("onlyclear", snapshot.TLSTerminate, "clear.x", "/a")
	onlyClear.InClear = true
	tb := table(t,
		route("plain", "", "both.x", "/plain"), inClear, route("closed", snapshot.TLSTerminate, "both.x", "/closed", "/clear/not"),
		route("tls", snapshot.TLSTerminate, "tls.x", "/a"), onlyClear,
		route("pass", snapshot.TLSPassthrough, "pass.x", "/"), route("any", "", "*", "/"))
	for _, c := range [][3]string{
		{"both.x", "/plain", "plain /plain"}, {"both.x", "/clear", "clear /clear"},
		{"both.x", "/closed", "RedirectToHTTPS"}, {"both.x", "/clear/not", "RedirectToHTTPS"}, {"both.x", "/else", "RedirectToHTTPS"},
		{"tls.x", "/", "RedirectToHTTPS"}, {"clear.x", "/a", "onlyclear /a"}, {"clear.x", "/", "NotFound"}, {"pass.x", "/", "any /"},
	} {
		if got := get(tb, c[0], c[1]); got != c[2] {
			t.Errorf("%s%s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

// The example of the semantics page.
func TestMisdirectedRequests(t *testing.T) {
	with := func(cert, host string, paths ...string) *snapshot.Route {
		r := route(host, snapshot.TLSTerminate, host, paths...)
		r.Certificates = []string{cert}
		return r
	}
	tb := table(t, with("any", "example.org", "/"), with("any", "*", "/nothing"), with("second", "second-example.org", "/"),
		with("wild", "*.wildcard.org", "/"), with("fourth", "fourth-example.wildcard.org", "/"))
	for _, c := range []struct {
		sni, host string
		want      Outcome
	}{
		{"example.org", "example.org", Found}, {"example.org", "second-example.org", Misdirected}, {"example.org", "unknown-example.org", NotFound},
		{"second-example.org", "second-example.org", Found}, {"second-example.org", "example.org", Misdirected}, {"second-example.org", "unknown-example.org", Misdirected},
		{"third-example.wildcard.org", "third-example.wildcard.org", Found}, {"third-example.wildcard.org", "fifth-example.wildcard.org", Found},
		{"third-example.wildcard.org", "fourth-example.wildcard.org", Misdirected},
		{"fourth-example.wildcard.org", "fourth-example.wildcard.org", Found}, {"fourth-example.wildcard.org", "fifth-example.wildcard.org", Misdirected},
		{"unknown-example.org", "example.org", Found}, {"unknown-example.org", "unknown-example.org", NotFound},
	} {
		res := tb.Match(TLS, Request{SNI: c.sni, Host: c.host + ":443", Method: "GET", Path: "/"})
		if res.Outcome != c.want {
			t.Errorf("SNI %s, Host %s: %v, want %v", c.sni, c.host, res.Outcome, c.want)
		}
	}
}

func TestHandshakes(t *testing.T) {
	a, b := route("a", snapshot.TLSTerminate, "a.x", "/a"), route("b", snapshot.TLSTerminate, "a.x", "/b")
	a.Certificates, b.Certificates, b.MinVersion = []string{"2", "1"}, []string{"2"}, "1.3"
	c := route("c", snapshot.TLSTerminate, "c.x", "/")
	c.Certificates, c.MinVersion = []string{"1", "2"}, "1.3"
	tb := table(t, a, b, c, route("p", snapshot.TLSPassthrough, "p.x", "/"), route("late", snapshot.TLSTerminate, "p.x", "/"), route("plain", "", "h.x", "/"))
	res := tb.TLS("A.x")
	if res.Outcome != Terminate || res.Policy.MinVersion != "1.3" || !cmp.Equal(res.Policy.Certificates, []string{"1", "2"}) {
		t.Errorf("the Routes of one host make one Policy: %+v %+v", res, res.Policy)
	}
	if tb.TLS("c.x").Policy != res.Policy || len(tb.Policies()) != 1 {
		t.Error("equal Policies are to be one")
	}
	if res := tb.TLS("p.x"); res.Outcome != Passthrough || res.Rule.Route.Key != "p" {
		t.Errorf("the first Route of a host says what becomes of TLS: %+v", res)
	}
	for _, name := range []string{"h.x", "", "q.x"} {
		if res := tb.TLS(name); res.Outcome != UnknownName {
			t.Errorf("%q: %v", name, res.Outcome)
		}
	}
	if got := tb.Match(TLS, Request{SNI: "p.x", Host: "p.x", Path: "/"}).Outcome; got != Misdirected {
		t.Errorf("a host that has become a passthrough is %v on an old connection", got)
	}
}

func TestNewTableRefusesWhatIsABug(t *testing.T) {
	for name, r := range map[string]*snapshot.Route{
		"expression":       route("r", "", "h", "~/("),
		"closing brackets": route("r", "", "h", "~/a)(b"),
		"empty host":       route("r", "", "", "/"),
		"no rule":          route("r", snapshot.TLSPassthrough, "h"),
	} {
		if _, err := NewTable(&snapshot.Snapshot{Routes: []*snapshot.Route{r}}); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestExplainSaysWhyNot(t *testing.T) {
	r := route("shop", "", "shop.x", "/api", "/api/v2", "=/api/x")
	r.Rules[0].Matches[0].Headers = []snapshot.ValueMatch{{Type: snapshot.Exact, Name: "X-Canary", Value: "1"}}
	r.Rules = append(r.Rules, snapshot.Rule{Name: "rest", Matches: []snapshot.Match{{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: "/"}, Method: "GET"}, {Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: "/"}}}})
	tb := table(t, r, route("wide", "", "*.x", "/"))
	e := tb.Explain(Plain, Request{Host: "shop.x", Method: "GET", Path: "/api", Headers: http.Header{}})
	var got []string
	for _, c := range e.Considered {
		got = append(got, fmt.Sprintf("%s %d (%s): %v %s", c.Rule, c.Match, c.Condition, c.Won, c.Refused))
	}
	want := []string{
		"=/api/x 0 (Exact /api/x): false path /api is not /api/x",
		"/api/v2 0 (PathPrefix /api/v2): false path /api is not under prefix /api/v2",
		"/api 0 (PathPrefix /api, header X-Canary=1): false header X-Canary is absent",
		"rest 0 (GET PathPrefix /): true ",
		"rest 1 (PathPrefix /): false it matches too, but rule rest of route shop comes first",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	if len(e.Hosts) != 1 || e.Hosts[0].Pattern != "*.x" {
		t.Errorf("hosts: %+v", e.Hosts)
	}
	e = tb.Explain(Plain, Request{Host: "zzzzzz", Path: "/"})
	if e.Outcome != "NotFound" || len(e.Hosts) != 0 {
		t.Errorf("%+v", e)
	}
	pass := route("pass", snapshot.TLSPassthrough, "pass.x", "/")
	if e = table(t, pass).Explain(TLS, Request{Host: "pass.x", SNI: "pass.x", Path: "/"}); e.Outcome != "Passthrough" || e.Route != "pass" {
		t.Errorf("%+v", e)
	}
	e = table(t, r).Explain(TLS, Request{Host: "shop.x", SNI: "shop.x", Path: "/"})
	if e.TLS.Outcome != "UnknownName" || len(e.Hosts) != 1 || e.Hosts[0].Refused != "it is served over plain HTTP only" {
		t.Errorf("%+v", e)
	}
	if e = table(t, r).Explain(Plain, Request{Host: "shpo.x", Path: "/"}); len(e.Hosts) != 1 || e.Hosts[0].Pattern != "shop.x" {
		t.Errorf("%+v", e)
	}
}

func TestSeveralHeaderValuesAreJoined(t *testing.T) {
	r := route("r", "", "h", "/")
	r.Rules[0].Matches[0].Headers = []snapshot.ValueMatch{{Type: snapshot.Exact, Name: "X-A", Value: "1,2"}, {Type: snapshot.RegularExpression, Name: "Host", Value: "h(:.*)?"}}
	req := Request{Host: "h:80", Path: "/", Headers: http.Header{"X-A": {"1", "2"}}}
	if res := table(t, r).Match(Plain, req); res.Outcome != Found {
		t.Error(res)
	}
}
