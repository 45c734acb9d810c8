package rule

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// request is what rules are tried on.
type request struct {
	host, method, path string
	query              url.Values
	headers            map[string]string
}

// holds is a second, dumb reading of a parsed rule: it evaluates the tree.
func (e expression) holds(r request) bool {
	switch e.operator {
	case "!":
		return !e.parts[0].holds(r)
	case "&&":
		return !slices.ContainsFunc(e.parts, func(p expression) bool { return !p.holds(r) })
	case "||":
		return slices.ContainsFunc(e.parts, func(p expression) bool { return p.holds(r) })
	}
	m := e.matcher
	switch m.name {
	case "host":
		return r.host == m.args[0]
	case "hostregexp":
		return regexp.MustCompile(m.args[0]).MatchString(r.host)
	case "path":
		return r.path == m.args[0]
	case "pathprefix":
		return strings.HasPrefix(r.path, m.args[0])
	case "pathregexp":
		return regexp.MustCompile(m.args[0]).MatchString(r.path)
	case "method":
		return r.method == m.args[0]
	case "header":
		return r.headers[m.args[0]] == m.args[1]
	case "query":
		return r.query.Get(m.args[0]) == m.args[1]
	}
	panic("no such matcher: " + m.name)
}

// holds says whether a Route made of the alternative gets the request.
func (a *Alternative) holds(r request) bool {
	host := slices.ContainsFunc(a.OrAny(), func(h string) bool {
		suffix, wild := strings.CutPrefix(h, "*")
		return h == r.host || wild && strings.HasSuffix(r.host, suffix)
	})
	m := a.Match
	return host && (m.Method == "" || m.Method == r.method) && pathHolds(m.Path, r.path) &&
		!slices.ContainsFunc(m.Headers, func(v v1alpha1.ValueMatch) bool { return r.headers[v.Name] != v.Value }) &&
		!slices.ContainsFunc(m.QueryParams, func(v v1alpha1.ValueMatch) bool { return r.query.Get(v.Name) != v.Value })
}

func pathHolds(p *v1alpha1.PathMatch, path string) bool {
	switch {
	case p == nil:
		return true
	case p.Type == v1alpha1.MatchExact:
		return p.Value == path
	case p.Type == v1alpha1.MatchRegularExpression:
		return regexp.MustCompile("^(?:" + p.Value + ")$").MatchString(path)
	}
	return p.Value == "/" || path == p.Value || strings.HasPrefix(path, p.Value+"/")
}

var conditions = []string{
	"Host(`a.example.org`)", "Host(`b.example.org`)", "HostRegexp(`^.+\\.example\\.org$`)", "HostRegexp(`^(a|b)\\.example\\.org$`)",
	"Path(`/one`)", "PathPrefix(`/one`)", "PathPrefix(`/one/two`)", "PathPrefix(`/`)", "PathRegexp(`^/o.e$`)", "PathRegexp(`wo`)",
	"Method(`GET`)", "Method(`POST`)", "Header(`X`, `1`)", "Query(`q`, `1`)",
}

// drawRule draws a rule without a "!", which most Routes cannot say.
func drawRule(t *rapid.T, depth int) string {
	if depth == 0 || rapid.Bool().Draw(t, "leaf") {
		return rapid.SampledFrom(conditions).Draw(t, "condition")
	}
	operator := rapid.SampledFrom([]string{" && ", " || "}).Draw(t, "operator")
	return "(" + drawRule(t, depth-1) + operator + drawRule(t, depth-1) + ")"
}

// TestAlternativesHoldWhereTheRuleDoes: whatever a rule says, if it is
// translated, the Route gets the requests that the rule does, and no others.
func TestAlternativesHoldWhereTheRuleDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := drawRule(t, 3)
		all, err := Parse(text)
		if err != nil {
			t.Skip("cannot be said: " + err.Error())
		}
		tree, err := parseRule(text)
		if err != nil {
			t.Fatal(err)
		}
		r := request{
			host:    rapid.SampledFrom([]string{"a.example.org", "b.example.org", "c.example.org", "other.org"}).Draw(t, "host"),
			method:  rapid.SampledFrom([]string{"GET", "POST", "PUT"}).Draw(t, "method"),
			path:    rapid.SampledFrom([]string{"/", "/one", "/one/", "/one/two", "/one/two/three", "/other"}).Draw(t, "path"),
			query:   url.Values{"q": {rapid.SampledFrom([]string{"1", "2"}).Draw(t, "query")}},
			headers: map[string]string{"X": rapid.SampledFrom([]string{"1", "2"}).Draw(t, "header")},
		}
		got := slices.ContainsFunc(all, func(a Alternative) bool { return a.holds(r) })
		if want := tree.holds(r); got != want {
			t.Errorf("%s on %+v: %t, want %t", text, r, got, want)
		}
	})
}

func TestRulesThatCannotBeSaid(t *testing.T) {
	for text, want := range map[string]string{
		"":                                     "where a matcher",
		"Host":                                 "where a matcher",
		"Host()":                               "wrong number",
		"Host(`a`) Host(`b`)":                  "where && or ||",
		"Host(`a`) &&":                         "where a matcher",
		"(Host(`a`)":                           "lacks a )",
		"Host(`a`":                             "lacks a )",
		"Host(a)":                              "where a text in backticks",
		"Host('a')":                            "where a text in backticks",
		"Host(`a b`)":                          "is no host",
		"Header(`X`)":                          "wrong number",
		"Host(`a`) && Host(`b`)":               "two hosts",
		"Method(`GET`) && Method(`PUT`)":       "two methods",
		"Method(`BREW`)":                       "none of GET",
		"Path(`x`)":                            "does not start with /",
		"PathRegexp(`(`)":                      "missing closing )",
		"Header(`X`, `1`) && Header(`x`,`2`)":  "demands x twice",
		"!Method(`GET`)":                       "where requests do not go",
		"ALPN(`h2`)":                           "no matcher that Routes have",
		"ClientIP(`here`)":                     "no address",
		strings.Repeat("!", 100) + "Host(`a`)": "too deep",
		strings.Repeat("(Host(`a`) || Host(`b`)) && ", 9) + "Host(`c`)": "too many",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", text, err, want)
		}
	}
}

func TestNotGoesDownToTheMatchers(t *testing.T) {
	all, err := Parse("Host(`a`) && !(!Method(`GET`) || PathPrefix(`/x`))")
	if err != nil {
		t.Fatal(err)
	}
	want := []Alternative{{Hosts: []string{"a"}, Match: v1alpha1.Match{Method: "GET"}, Except: []string{"/x"}}}
	if d := cmp.Diff(want, all); d != "" {
		t.Error(d)
	}
}

func TestHostsOfExpressions(t *testing.T) {
	for expression, want := range map[string]string{
		`^a\.example\.org$`:              "[a.example.org] false",
		`example\.(com|org)`:             "[example.com example.org] false",
		`^(www\.)?example\.com$`:         "[example.com www.example.com] false",
		`^[ab]\.org$`:                    "[a.org b.org] false",
		`^.+\.example\.org$`:             "[*.example.org] false",
		`^[a-z0-9-]+\.example\.org$`:     "[*.example.org] true",
		`^[^.]+\.(a|b)\.org$`:            "[*.a.org *.b.org] true",
		`.*`:                             "[*] false",
		`.+`:                             "[*] false",
		`(?i)^EXAMPLE\.org$`:             "[example.org] false",
		`^a[0-9]+\.org$`:                 "no",
		`^.+example\.org$`:               "no",
		`^.+\.x.*\.org$`:                 "no",
		`[a-z][a-z]\.org`:                "no",
		`(`:                              "no",
		`^([a-z]+\.)+example\.org$`:      "no",
		`^(a|b|c|d|e|f){3}\.org$`:        "no",
		`^(?:a|b)\.(?:c|d)\.(?:e|f)$`:    "[a.c.e a.c.f a.d.e a.d.f b.c.e b.c.f b.d.e b.d.f] false",
		`^(?P<sub>[a-z]+)\.example\.de$`: "[*.example.de] true",
	} {
		got := "no"
		if hosts, loose, ok := hostsOf(expression); ok {
			got = fmt.Sprint(hosts, loose)
		}
		if got != want {
			t.Errorf("%s: %s, want %s", expression, got, want)
		}
	}
}

// FuzzParse: no rule makes it panic, and what comes out is hosts and paths that
// a Route may have.
func FuzzParse(f *testing.F) {
	for _, c := range conditions {
		f.Add(c + " && !Path(`/x`) || (" + c + ")")
	}
	f.Add("HostRegexp(`{a:[a-z]{2}}.b`) && Path(`/{x}/{y:.*}`) && Query(`a=b`, `c`) && ClientIP(`::1`)")
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse(text)
		if err == nil && len(all) == 0 {
			t.Error("no alternatives, and no error")
		}
	})
}
