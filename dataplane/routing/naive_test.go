package routing

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// naive decides like a Table, from the Snapshot itself and with no index, no
// sorting and no precompiled anything. It is the oracle, so it is written from
// the semantics and shares nothing with the Table.
type naive struct{ s *snapshot.Snapshot }

// verdict is what the oracle and the Table are compared by.
type verdict struct {
	outcome     Outcome
	pattern     string
	route, rule string
	match       int
}

func naiveHost(host string) string {
	u, err := url.Parse("http://" + host + "/")
	if err != nil {
		return ""
	}
	name := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if len(name) > 253 {
		return ""
	}
	return name
}

// pattern returns the most specific pattern of the Routes that keep accepts.
func (n naive) pattern(name string, keep func(*snapshot.Route) bool) string {
	best, rank := "", -1
	for i := range n.s.Routes {
		if !keep(n.s.Routes[i]) {
			continue
		}
		for _, p := range n.s.Routes[i].Hosts {
			r := -1
			switch {
			case p == name:
				r = 10_000
			case p == "*":
				r = 0
			case strings.HasPrefix(p, "*.") && strings.HasSuffix(name, p[1:]) && name != p[1:]:
				r = len(p)
			}
			if r > rank {
				best, rank = p, r
			}
		}
	}
	return best
}

type found struct {
	route        *snapshot.Route
	rule         *snapshot.Rule
	m            *snapshot.Match
	ri, ui, mi   int
	class, bytes int
}

// best returns the winning Match of all Routes of pattern that keep accepts.
func (n naive) best(pattern string, keep func(*snapshot.Route) bool, r Request) *found {
	var best *found
	for ri := range n.s.Routes {
		route := n.s.Routes[ri]
		has := false
		for _, h := range route.Hosts {
			has = has || h == pattern
		}
		if !has || !keep(route) {
			continue
		}
		for ui := range route.Rules {
			for mi := range route.Rules[ui].Matches {
				f := &found{route: route, rule: &route.Rules[ui], m: &route.Rules[ui].Matches[mi], ri: ri, ui: ui, mi: mi}
				if naiveMatches(f, r) && (best == nil || f.beats(best)) {
					best = f
				}
			}
		}
	}
	return best
}

func (f *found) beats(g *found) bool {
	has := func(s string) int { return len(s[:min(len(s), 1)]) }
	for _, pair := range [][2]int{
		{f.class, g.class}, {f.bytes, g.bytes}, {has(f.m.Method), has(g.m.Method)},
		{len(f.m.Headers), len(g.m.Headers)}, {len(f.m.Query), len(g.m.Query)},
		{g.ri, f.ri}, {g.ui, f.ui}, {g.mi, f.mi},
	} {
		if pair[0] != pair[1] {
			return pair[0] > pair[1]
		}
	}
	return false
}

func naiveMatches(f *found, r Request) bool {
	v, ok := f.m.Path.Value, false
	switch f.m.Path.Type {
	case snapshot.Exact:
		f.class, ok = 3, r.Path == v
	case snapshot.RegularExpression:
		f.class, f.bytes, ok = 2, len(v), whole(v, r.Path)
	default:
		v = strings.TrimRight(v, "/")
		f.class, f.bytes = 1, len(v)
		ok = r.Path == v || strings.HasPrefix(r.Path, v+"/")
	}
	if !ok || f.m.Method != "" && f.m.Method != r.Method {
		return false
	}
	for _, h := range f.m.Headers {
		values := r.Headers.Values(h.Name)
		if len(values) == 0 || !naiveValue(h, strings.Join(values, ",")) {
			return false
		}
	}
	query, _ := url.ParseQuery(r.RawQuery)
	for _, q := range f.m.Query {
		if !query.Has(q.Name) || !naiveValue(q, query.Get(q.Name)) {
			return false
		}
	}
	return true
}

func naiveValue(m snapshot.ValueMatch, got string) bool {
	if m.Type == snapshot.RegularExpression {
		return whole(m.Value, got)
	}
	return m.Value == got
}

// whole says whether an expression matches all of s.
func whole(expression, s string) bool {
	re := regexp.MustCompile(expression)
	re.Longest()
	loc := re.FindStringIndex(s)
	return loc != nil && loc[0] == 0 && loc[1] == len(s)
}

func (n naive) match(l Listener, r Request) verdict {
	name := naiveHost(r.Host)
	if r.Headers == nil {
		r.Headers = http.Header{}
	}
	if r.Path == "" {
		r.Path = "/"
	}
	if l == TLS {
		return n.matchTLS(name, r)
	}
	open := func(rt *snapshot.Route) bool { return rt.TLS == snapshot.TLSNone }
	closed := func(rt *snapshot.Route) bool { return rt.TLS == snapshot.TLSTerminate }
	p := n.pattern(name, func(rt *snapshot.Route) bool { return open(rt) || closed(rt) })
	if f := n.best(p, open, r); f != nil {
		return f.verdict(Found, p)
	}
	if f := n.best(p, closed, r); f != nil {
		if f.route.InClear {
			return f.verdict(Found, p)
		}
		return f.verdict(RedirectToHTTPS, p)
	}
	for _, rt := range n.s.Routes {
		for _, h := range rt.Hosts {
			if h == p && closed(rt) && !rt.InClear {
				return verdict{outcome: RedirectToHTTPS, pattern: p}
			}
		}
	}
	return verdict{pattern: p}
}

func (f *found) verdict(o Outcome, pattern string) verdict {
	return verdict{o, pattern, f.route.Key, f.rule.Name, f.mi}
}

// policy describes the TLS policy of a pattern: "" where nobody serves it.
func (n naive) policy(pattern string) string {
	certs, version := map[string]bool{}, "1.2"
	first := snapshot.TLSNone
	for _, rt := range n.s.Routes {
		for _, h := range rt.Hosts {
			if h != pattern || rt.TLS == snapshot.TLSNone {
				continue
			}
			if first == snapshot.TLSNone {
				first = rt.TLS
			}
			if rt.TLS == snapshot.TLSTerminate {
				for _, c := range rt.Certificates {
					certs[c] = true
				}
				version = max(version, rt.MinVersion)
			}
		}
	}
	if first != snapshot.TLSTerminate {
		return string(first)
	}
	key := version
	for _, c := range []string{"A", "B", "C"} {
		if certs[c] {
			key += c
		}
	}
	return key
}

func (n naive) matchTLS(name string, r Request) verdict {
	secure := func(rt *snapshot.Route) bool { return rt.TLS != snapshot.TLSNone }
	p := n.pattern(name, secure)
	sni := naiveHost(r.SNI)
	own, conn := n.policy(p), n.policy(n.pattern(sni, secure))
	switch {
	case own == string(snapshot.TLSPassthrough):
		return verdict{outcome: Misdirected, pattern: p}
	case sni == name:
	case own == "" || own != conn:
		return verdict{outcome: Misdirected, pattern: p}
	}
	if f := n.best(p, func(rt *snapshot.Route) bool { return rt.TLS == snapshot.TLSTerminate }, r); f != nil && own != "" {
		return f.verdict(Found, p)
	}
	return verdict{pattern: p}
}
