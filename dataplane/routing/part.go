package routing

import (
	"fmt"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// part is what a Table makes of one Route. Tables share the parts of the Routes
// that their Snapshots share, so nothing of a part changes once it is made.
type part struct {
	route   *snapshot.Route
	rules   []Rule
	matches matches
	list    list
	alone   [1]*part // a list of this part, for the many hosts of one Route
}

// onPlain and onTLS say where a Route is served.
func onPlain(p *part) bool { return p.route.TLS != snapshot.TLSPassthrough }
func onTLS(p *part) bool   { return p.route.TLS != snapshot.TLSNone }

// check refuses what a Snapshot promises never to hold.
func check(r *snapshot.Route) error {
	if r.TLS == snapshot.TLSPassthrough && len(r.Rules) != 1 {
		return fmt.Errorf("route %s passes TLS through and has %d rules", r.Key, len(r.Rules))
	}
	if slices.Contains(r.Hosts, "") {
		return fmt.Errorf("route %s has an empty host", r.Key)
	}
	return nil
}

// newParts makes the parts of routes. It counts first, so that ten thousand
// Routes cost a few large allocations and not ten thousand small ones.
func newParts(routes []*snapshot.Route, x *indices) ([]*part, error) {
	var rules, candidates int
	for _, r := range routes {
		rules += len(r.Rules)
		for i := range r.Rules {
			candidates += len(r.Rules[i].Matches)
		}
	}
	m := maker{parts: make([]part, len(routes)), rules: make([]Rule, 0, rules), candidates: make([]candidate, 0, candidates), indices: x}
	made := make([]*part, len(routes))
	for i, r := range routes {
		made[i] = &m.parts[i]
		if err := m.make(made[i], r); err != nil {
			return nil, err
		}
	}
	return made, nil
}

// maker has the memory for parts.
type maker struct {
	parts      []part
	rules      []Rule
	candidates []candidate
	indices    *indices
}

func (m *maker) make(p *part, r *snapshot.Route) error {
	if err := check(r); err != nil {
		return err
	}
	access, err := accessOf(r)
	if err != nil {
		return err
	}
	firstRule, firstCandidate := len(m.rules), len(m.candidates)
	for i := range r.Rules {
		rule := newRule(r, i, m.indices.take())
		rule.access = access
		m.rules = append(m.rules, rule)
		for j := range rule.Spec.Matches {
			c, err := newCandidate(&m.rules[len(m.rules)-1], j)
			if err != nil {
				return err
			}
			m.candidates = append(m.candidates, c)
		}
	}
	*p = part{route: r, rules: m.rules[firstRule:len(m.rules):len(m.rules)]}
	p.alone[0] = p
	p.matches = newMatches(slices.Clip(m.candidates[firstCandidate:]), &p.list)
	return nil
}

// indices gives each Rule its Index. One that is given back is given again, so
// that the largest is not much more than there are Rules.
type indices struct {
	free []int
	next int
}

func (x *indices) take() int {
	if last := len(x.free) - 1; last >= 0 {
		i := x.free[last]
		x.free = x.free[:last]
		return i
	}
	x.next++
	return x.next - 1
}

func (x *indices) give(p *part) {
	for i := range p.rules {
		x.free = append(x.free, int(p.rules[i].Index))
	}
}
