package routing

import (
	"fmt"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// builder makes a Table. It counts first, so that ten thousand Routes cost a few
// large allocations and not ten thousand small ones.
type builder struct {
	t          *Table
	candidates []candidate
	hosts      []host
	drafts     []Policy
}

func newBuilder(s *snapshot.Snapshot) *builder {
	var rules, candidates, plain, secure int
	for _, r := range s.Routes {
		rules += len(r.Rules)
		for j := range r.Rules {
			candidates += len(r.Rules[j].Matches)
		}
		if r.TLS != snapshot.TLSPassthrough {
			plain += len(r.Hosts)
		}
		if r.TLS != snapshot.TLSNone {
			secure += len(r.Hosts)
		}
	}
	hosts := make([]host, plain+secure)
	return &builder{
		t: &Table{
			rules: make([]Rule, 0, rules),
			plain: hostIndex{exact: newNames(plain, hosts), suffixes: map[string]*host{}},
			tls:   hostIndex{exact: newNames(secure, hosts), suffixes: map[string]*host{}},
		},
		candidates: make([]candidate, 0, candidates),
		hosts:      hosts[:0],
		drafts:     make([]Policy, 0, secure),
	}
}

func (b *builder) route(r *snapshot.Route) error {
	if r.Access != nil {
		if err := b.access(r); err != nil {
			return err
		}
	}
	firstRule, firstCandidate := len(b.t.rules), len(b.candidates)
	for i := range r.Rules {
		b.t.rules = append(b.t.rules, newRule(r, i, len(b.t.rules)))
		rule := &b.t.rules[len(b.t.rules)-1]
		for j := range rule.Spec.Matches {
			c, err := newCandidate(rule, j)
			if err != nil {
				return err
			}
			b.candidates = append(b.candidates, c)
		}
	}
	mine := slices.Clip(b.candidates[firstCandidate:])
	for _, pattern := range r.Hosts {
		switch r.TLS {
		case snapshot.TLSNone:
			b.open(pattern, mine)
		case snapshot.TLSTerminate:
			b.terminate(pattern, r, mine)
		case snapshot.TLSPassthrough:
			b.passthrough(pattern, &b.t.rules[firstRule])
		}
	}
	return nil
}

func (b *builder) access(r *snapshot.Route) error {
	a, err := newAccess(r.Access)
	if err != nil {
		return fmt.Errorf("route %s: %w", r.Key, err)
	}
	if b.t.access == nil {
		b.t.access = map[*snapshot.Route]*Access{}
	}
	b.t.access[r] = a
	return nil
}

func (b *builder) open(pattern string, mine []candidate) {
	h := b.t.plain.get(pattern, b)
	h.open.add(mine)
}

func (b *builder) terminate(pattern string, r *snapshot.Route, mine []candidate) {
	h := b.t.plain.get(pattern, b)
	h.terminated.add(mine)
	h.redirects = h.redirects || !r.InClear

	h = b.t.tls.get(pattern, b)
	if h.passthrough != nil {
		return
	}
	if h.policy == nil {
		b.drafts = append(b.drafts, Policy{})
		h.policy = &b.drafts[len(b.drafts)-1]
	}
	h.terminated.add(mine)
	h.policy.add(r)
}

func (b *builder) passthrough(pattern string, rule *Rule) {
	h := b.t.tls.get(pattern, b)
	if h.policy == nil && h.passthrough == nil {
		h.passthrough = rule
	}
}

// host returns a new host out of the counted ones.
func (b *builder) host(pattern string) *host {
	b.hosts = append(b.hosts, host{pattern: pattern})
	return &b.hosts[len(b.hosts)-1]
}

// add takes the candidates over where they are the first.
func (m *matches) add(c []candidate) {
	if m.sorted == nil {
		m.sorted = c
		return
	}
	m.sorted = append(m.sorted, c...)
}

// table sorts what was collected and makes equal Policies one.
func (b *builder) table() *Table {
	gather(b.hosts)
	policies := make(map[string]*Policy, len(b.drafts))
	for i := range b.hosts {
		h := &b.hosts[i]
		h.open.sort()
		h.terminated.sort()
		if h.policy == nil {
			continue
		}
		h.policy.seal()
		known := policies[h.policy.Key]
		if known == nil {
			known = h.policy
			known.Index = len(b.t.policies)
			policies[known.Key] = known
			b.t.policies = append(b.t.policies, known)
		}
		h.policy = known
	}
	return b.t
}
