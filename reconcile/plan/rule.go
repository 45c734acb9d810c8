package plan

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// translator makes room for what it makes.
type translator struct {
	strings  slab[string]
	rules    slab[snapshot.Rule]
	backends slab[*v1alpha1.Backend]
	named    slab[[]*v1alpha1.Backend]
}

// translate makes the hosts and Rules that can be served, and refuses the Route
// where there is no such Rule.
func (t *translator) translate(rt *route) {
	if !rt.served() {
		return
	}
	for _, h := range rt.spec.Hosts {
		rt.hosts = t.strings.add(rt.hosts, strings.TrimSuffix(strings.ToLower(h), "."))
	}
	if rt.spec.Backend != nil {
		t.addWhole(rt, t.backends.one(rt.spec.Backend))
		return
	}
	usable := usableRules(rt)
	switch {
	case len(usable) == 0:
		rt.except().refused = noRule(rt.dropped)
	case isPassthrough(rt):
		t.addWhole(rt, t.backendsOf(rt, usable))
	default:
		for _, i := range usable {
			t.addRule(rt, rule(&rt.spec.Rules[i], i), t.backendsOf(rt, []int{i}))
			if m := mirrorsOf(rt.spec.Rules[i].Filters); m != nil {
				rt.mirror(m)
			}
		}
	}
}

// backendsOf are the Backends of some Rules.
func (t *translator) backendsOf(rt *route, rules []int) []*v1alpha1.Backend {
	var all []*v1alpha1.Backend
	for _, i := range rules {
		for j := range rt.spec.Rules[i].Backends {
			all = t.backends.add(all, &rt.spec.Rules[i].Backends[j])
		}
	}
	return all
}

func (t *translator) addRule(rt *route, r snapshot.Rule, named []*v1alpha1.Backend) {
	rt.rules = t.rules.add(rt.rules, r)
	rt.named = t.named.add(rt.named, named)
	if slices.ContainsFunc(r.Filters, func(f snapshot.Filter) bool { return f.Redirect != nil }) {
		rt.redirects = true
	}
}

// addWhole adds the one Rule for every request.
func (t *translator) addWhole(rt *route, named []*v1alpha1.Backend) {
	t.addRule(rt, snapshot.Rule{Name: "0", Matches: matchAll}, named)
}

// usableRules are the indices of those without a problem; the others are dropped.
func usableRules(rt *route) []int {
	problems := servedProblems(rt)
	usable := make([]int, 0, len(rt.spec.Rules))
	for i := range rt.spec.Rules {
		if own := problemsOf(problems, i); len(own) > 0 {
			f := refusal(own)
			x := rt.except()
			x.dropped = append(x.dropped, finding{f.reason, "Dropped Rule " + ruleName(&rt.spec.Rules[i], i) + ": " + f.message})
			continue
		}
		usable = append(usable, i)
	}
	return usable
}

// servedProblems are those of the generation that is served.
func servedProblems(rt *route) []v1alpha1.Problem {
	if rt.object.Route == nil {
		return rt.object.LastGood.Problems
	}
	return rt.object.Problems
}

func noRule(dropped []finding) finding {
	if len(dropped) == 0 {
		return finding{v1alpha1.ReasonInvalid, "neither backend nor rules are given"}
	}
	messages := make([]string, len(dropped))
	for i, d := range dropped {
		messages[i] = d.message
	}
	return finding{dropped[0].reason, strings.Join(messages, "; ")}
}

func isPassthrough(rt *route) bool {
	return rt.spec.TLS != nil && rt.spec.TLS.Mode == v1alpha1.TLSPassthrough
}

func ruleName(rule *v1alpha1.Rule, i int) string { return cmp.Or(rule.Name, strconv.Itoa(i)) }

var matchAll = []snapshot.Match{{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: "/"}}}

func rule(r *v1alpha1.Rule, i int) snapshot.Rule {
	out := snapshot.Rule{
		Name:    ruleName(r, i),
		Matches: matchAll,
		Filters: filters(r.Filters),
		Retry:   retry(r.Retry),
		Session: session(r.SessionPersistence),
	}
	if len(r.Matches) > 0 {
		out.Matches = matches(r.Matches)
	}
	if t := r.Timeouts; t != nil {
		out.Request, out.BackendRequest = duration(t.Request), duration(t.BackendRequest)
	}
	return out
}

func matches(in []v1alpha1.Match) []snapshot.Match {
	out := make([]snapshot.Match, len(in))
	for i := range in {
		out[i] = snapshot.Match{Path: pathMatch(in[i].Path), Method: in[i].Method}
		out[i].Headers = valueMatches(in[i].Headers, http.CanonicalHeaderKey)
		out[i].Query = valueMatches(in[i].QueryParams, func(name string) string { return name })
	}
	return out
}

func pathMatch(p *v1alpha1.PathMatch) snapshot.PathMatch {
	if p == nil {
		return matchAll[0].Path
	}
	out := snapshot.PathMatch{Type: snapshot.MatchType(cmp.Or(p.Type, v1alpha1.MatchPathPrefix)), Value: cmp.Or(p.Value, "/")}
	if out.Type == snapshot.PathPrefix && out.Value != "/" {
		out.Value = cmp.Or(strings.TrimRight(out.Value, "/"), "/")
	}
	return out
}

func valueMatches(in []v1alpha1.ValueMatch, normal func(string) string) []snapshot.ValueMatch {
	var out []snapshot.ValueMatch
	for _, m := range in {
		out = append(out, snapshot.ValueMatch{
			Type: snapshot.MatchType(cmp.Or(m.Type, v1alpha1.MatchExact)), Name: normal(m.Name), Value: m.Value,
		})
	}
	return out
}

func filters(in []v1alpha1.Filter) []snapshot.Filter {
	var out []snapshot.Filter
	for i := range in {
		if in[i].RequestMirror == nil { // which is no Filter in a Snapshot
			out = append(out, filter(&in[i]))
		}
	}
	return out
}

// filter translates what Validate lets through; what is not built was refused there.
func filter(f *v1alpha1.Filter) snapshot.Filter {
	switch {
	case f.RequestHeaderModifier != nil:
		return snapshot.Filter{RequestHeaders: modifier(f.RequestHeaderModifier)}
	case f.ResponseHeaderModifier != nil:
		return snapshot.Filter{ResponseHeaders: modifier(f.ResponseHeaderModifier)}
	case f.RequestRedirect != nil:
		r := f.RequestRedirect
		return snapshot.Filter{Redirect: &snapshot.Redirect{
			Scheme: r.Scheme, Hostname: r.Hostname, Port: r.Port, Path: pathModifier(r.Path),
			StatusCode: cmp.Or(r.StatusCode, http.StatusFound),
		}}
	case f.URLRewrite != nil:
		return snapshot.Filter{Rewrite: &snapshot.Rewrite{Hostname: f.URLRewrite.Hostname, Path: pathModifier(f.URLRewrite.Path)}}
	}
	if f.CORS != nil {
		return snapshot.Filter{CORS: cors(f.CORS)}
	}
	panic(fmt.Sprintf("plan: filter %s passed validation but is not built", f.Type))
}

func modifier(m *v1alpha1.HeaderModifier) *snapshot.HeaderModifier {
	out := &snapshot.HeaderModifier{Set: headers(m.Set), Add: headers(m.Add)}
	for _, name := range m.Remove {
		out.Remove = append(out.Remove, http.CanonicalHeaderKey(name))
	}
	return out
}

func headers(in []v1alpha1.Header) []snapshot.Header {
	var out []snapshot.Header
	for _, h := range in {
		out = append(out, snapshot.Header{Name: http.CanonicalHeaderKey(h.Name), Value: h.Value})
	}
	return out
}

func pathModifier(p *v1alpha1.PathModifier) *snapshot.PathModifier {
	switch {
	case p == nil:
		return nil
	case p.ReplaceFullPath != nil:
		return &snapshot.PathModifier{Value: *p.ReplaceFullPath}
	case p.ReplacePrefixMatch != nil:
		return &snapshot.PathModifier{Prefix: true, Value: *p.ReplacePrefixMatch}
	}
	return nil
}

func retry(r *v1alpha1.Retry) *snapshot.Retry {
	if r == nil {
		return nil
	}
	out := &snapshot.Retry{Attempts: 1, Codes: slices.Sorted(slices.Values(r.Codes)), Backoff: duration(r.Backoff)}
	if r.Attempts != nil {
		out.Attempts = *r.Attempts
	}
	return out
}

func duration(d *v1alpha1.Duration) time.Duration {
	if d == nil {
		return 0
	}
	return time.Duration(*d)
}
