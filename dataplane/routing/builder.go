package routing

import (
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// builder makes a Table of the one before.
type builder struct {
	last, t *Table
	Difference
	moved  bool     // what stays stands in another order
	drafts []Policy // room for Policies
}

// newBuilder makes the parts of s, but not yet the hosts that they stand for.
func newBuilder(last *Table, s *snapshot.Snapshot) (*builder, error) {
	b := &builder{last: last, t: &Table{unknown: unknown(s.Routes)}}
	b.t.indices = indices{slices.Clone(last.indices.free), last.indices.next}
	from, to := sameEnds(last.parts, s.Routes)
	window := s.Routes[from:to.new]
	stay := b.stayAmong(window, last.parts[from:to.old])
	var err error
	b.come, err = newParts(slices.DeleteFunc(slices.Clone(window), func(r *snapshot.Route) bool { return stay[r] != nil }), &b.t.indices)
	if err != nil {
		return nil, err
	}
	b.t.parts = append(make([]*part, 0, len(s.Routes)), last.parts[:from]...)
	come := b.come
	for _, r := range window {
		p := stay[r]
		if p == nil {
			p, come = come[0], come[1:]
		}
		b.t.parts = append(b.t.parts, p)
	}
	b.t.parts = append(b.t.parts, last.parts[to.old:]...)
	return b, nil
}

// stayAmong finds the parts of routes among those of before, and notes which are
// gone and whether those that stay do so in their order.
func (b *builder) stayAmong(routes []*snapshot.Route, before []*part) map[*snapshot.Route]*part {
	place := make(map[*snapshot.Route]int, len(routes))
	for i, r := range routes {
		place[r] = i
	}
	stay, last := map[*snapshot.Route]*part{}, -1
	for _, p := range before {
		i, stays := place[p.route]
		if !stays {
			b.gone = append(b.gone, p)
			b.t.indices.give(p)
			continue
		}
		stay[p.route] = p
		b.moved = b.moved || i < last
		last = i
	}
	return stay
}

// ends are where the same end of two lists begins.
type ends struct{ old, new int }

// sameEnds says how much of two lists is the same at the beginning and at the
// end, so that what is between need be looked at alone.
func sameEnds(parts []*part, routes []*snapshot.Route) (from int, to ends) {
	for from < min(len(parts), len(routes)) && parts[from].route == routes[from] {
		from++
	}
	to = ends{len(parts), len(routes)}
	for to.old > from && to.new > from && parts[to.old-1].route == routes[to.new-1] {
		to.old--
		to.new--
	}
	return from, to
}

// table finds the hosts.
func (b *builder) table() *Table {
	b.t.plain = b.index(&b.last.plain, onPlain, fillPlain)
	if !b.moved && !slices.ContainsFunc(b.gone, onTLS) && !slices.ContainsFunc(b.come, onTLS) {
		b.t.tls, b.t.policies = b.last.tls, b.last.policies
		return b.t
	}
	policies := map[string]*Policy{}
	b.t.tls = newHostIndex(b.t.parts, onTLS, func(h *host) { b.fillTLS(h, policies) })
	return b.t
}

// index is the one before where little changed, with that.
func (b *builder) index(last *hostIndex, on func(*part) bool, fill func(*host)) hostIndex {
	n := 0
	for _, p := range slices.Concat(b.gone, b.come) {
		if on(p) {
			n += len(p.route.Hosts)
		}
	}
	switch {
	case n == 0 && !b.moved:
		return *last
	case b.moved || !last.exact.holds(n):
		return newHostIndex(b.t.parts, on, fill)
	}
	return last.with(b.changed(last, on, fill))
}

// changed are the hosts of the parts that are gone or came.
func (b *builder) changed(last *hostIndex, on func(*part) bool, fill func(*host)) []host {
	come := map[string][]*part{}
	for _, p := range b.gone {
		for _, pattern := range p.route.Hosts {
			if on(p) {
				come[pattern] = nil
			}
		}
	}
	for _, p := range b.come {
		for _, pattern := range p.route.Hosts {
			if on(p) {
				come[pattern] = append(come[pattern], p)
			}
		}
	}
	isGone := func(p *part) bool { return slices.Contains(b.gone, p) }
	hosts := make([]host, 0, len(come))
	for pattern, parts := range come {
		h := host{pattern: pattern}
		if old := last.get(pattern); old != nil {
			h.parts = slices.DeleteFunc(slices.Clone(old.parts), isGone)
		}
		h.parts = b.inOrder(append(h.parts, parts...))
		fill(&h)
		hosts = append(hosts, h)
	}
	return hosts
}

// inOrder sorts parts as the Snapshot does, each once.
func (b *builder) inOrder(parts []*part) []*part {
	if len(parts) < 2 {
		return parts
	}
	wanted := make(map[*part]bool, len(parts))
	for _, p := range parts {
		wanted[p] = true
	}
	return slices.DeleteFunc(slices.Clone(b.t.parts), func(p *part) bool { return !wanted[p] })
}

// fillPlain makes what a host is for HTTP in the clear.
func fillPlain(h *host) {
	for _, p := range h.parts {
		if p.route.TLS == snapshot.TLSNone {
			h.open.add(&p.matches)
			continue
		}
		h.terminated.add(&p.matches)
		h.redirects = h.redirects || !p.route.InClear
	}
}

// draftPolicies is how many Policies are allocated at once.
const draftPolicies = 64

// fillTLS makes what a host is over TLS. The first Route says whether it is
// terminated or passed through. Equal Policies become one.
func (b *builder) fillTLS(h *host, known map[string]*Policy) {
	if len(h.parts) > 0 && h.parts[0].route.TLS == snapshot.TLSPassthrough {
		h.passthrough = &h.parts[0].rules[0]
		return
	}
	if len(b.drafts) == 0 {
		b.drafts = make([]Policy, draftPolicies)
	}
	policy := &b.drafts[0]
	for _, p := range h.parts {
		if p.route.TLS == snapshot.TLSTerminate {
			h.terminated.add(&p.matches)
			policy.add(p.route)
		}
	}
	policy.seal()
	if h.policy = known[policy.Key]; h.policy != nil {
		*policy = Policy{}
		return
	}
	policy.Index = len(b.t.policies)
	known[policy.Key], h.policy = policy, policy
	b.t.policies, b.drafts = append(b.t.policies, policy), b.drafts[1:]
}
