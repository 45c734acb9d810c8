package traefik

import (
	"reflect"
	"slices"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

// group is hosts that are treated in the same way: what becomes one Route.
type group struct {
	hosts    []string
	matches  []v1alpha1.Match
	redirect *v1alpha1.RequestRedirect
}

// groups puts the alternatives together: first by host, then hosts with equal
// Matches and redirects.
func (r *router) groups() []group {
	var byHost []group
	for i := range r.alternatives {
		a := &r.alternatives[i]
		for _, host := range a.OrAny() {
			at := slices.IndexFunc(byHost, func(g group) bool { return g.hosts[0] == host })
			if at < 0 {
				at, byHost = len(byHost), append(byHost, group{hosts: []string{host}, redirect: r.redirectOf(host)})
			}
			g := &byHost[at]
			if !slices.ContainsFunc(g.matches, func(m v1alpha1.Match) bool { return reflect.DeepEqual(m, a.Match) }) {
				g.matches = append(g.matches, a.Match)
			}
		}
	}
	var all []group
	for _, g := range byHost {
		at := slices.IndexFunc(all, func(o group) bool {
			return reflect.DeepEqual(o.matches, g.matches) && reflect.DeepEqual(o.redirect, g.redirect)
		})
		if at < 0 {
			all = append(all, g)
			continue
		}
		all[at].hosts = append(all[at].hosts, g.hosts...)
	}
	return all
}

// redirectOf is the redirect that all requests for a host get, or nil.
func (r *router) redirectOf(host string) *v1alpha1.RequestRedirect {
	for i := range r.effects.Hosts {
		if to, ok := r.effects.Hosts[i].Of(host); ok {
			return &to
		}
	}
	if to := r.effects.Scheme; to != nil && (!r.tls || to.Scheme != "https" || to.Port != 0) {
		return to
	}
	return nil
}

// spec is that of the Route of a group.
func (r *router) spec(g group) (v1alpha1.RouteSpec, error) {
	s := v1alpha1.RouteSpec{Hosts: g.hosts, Access: accessOf(r.effects.Allow)}
	if r.tls {
		s.TLS, _ = labels.Terminate(g.hosts)
	}
	if g.redirect != nil {
		s.Rules = []v1alpha1.Rule{{Matches: g.matches, Filters: []v1alpha1.Filter{labels.Redirect(*g.redirect)}}}
		return s, nil
	}
	s.LoadBalancing, s.HealthCheck = r.target.balance, r.target.health
	for _, p := range r.effects.Paths {
		one := v1alpha1.Rule{Filters: []v1alpha1.Filter{labels.Redirect(p.To)}}
		for _, path := range p.Paths {
			one.Matches = append(one.Matches, v1alpha1.Match{Path: &v1alpha1.PathMatch{Type: v1alpha1.MatchExact, Value: path}})
		}
		s.Rules = append(s.Rules, one)
	}
	for _, m := range g.matches {
		parts, err := rewrite.Variants(m, r.effects.Steps)
		if err != nil {
			return s, err
		}
		for _, v := range parts {
			s.Rules = labels.AddMatch(s.Rules, v.Match, r.rule(v))
		}
	}
	return s, nil
}

// rule is the Rule of one variant, without its Match.
func (r *router) rule(v rewrite.Variant) v1alpha1.Rule {
	filters := append(r.effects.Headers.Filters(), v.Filters()...)
	if cors := r.effects.CORS; cors != nil {
		filters = append(filters, v1alpha1.Filter{Type: v1alpha1.FilterCORS, CORS: cors})
	}
	return v1alpha1.Rule{Filters: filters, Backends: slices.Clone(r.target.backends), Retry: r.effects.Retry, SessionPersistence: r.target.session}
}
