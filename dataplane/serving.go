package dataplane

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/dataplane/certificate"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/routing"
)

// serving is all that one publish made.
type serving struct {
	world *live.World
	// policies stand at the Index of their routing.Policy.
	policies []*certificate.Policy
	// fallback holds, for host patterns of which nothing good was loaded at the
	// time of the publish, the last Policy that they were served with; but none that
	// verifies clients otherwise.
	fallback map[string]*certificate.Policy
}

// next makes what follows s. Policies that stay are kept, and with them the keys
// of their session tickets.
func (s *serving) next(world *live.World, store *certificate.Store) *serving {
	known := make(map[string]*certificate.Policy, len(s.policies))
	for _, p := range s.policies {
		known[p.Key] = p
	}
	n := &serving{world: world, fallback: map[string]*certificate.Policy{}}
	for _, p := range world.Table.Policies() {
		policy := known[p.Key]
		if policy == nil {
			policy = store.NewPolicy(p)
		}
		n.policies = append(n.policies, policy)
	}
	if !s.servesTLS() {
		return n
	}
	world.Table.EachPolicy(func(pattern string, p *routing.Policy) {
		if n.policies[p.Index].Serves(nameUnder(pattern)) {
			return
		}
		last := s.policy(s.world.Table.TLS(nameUnder(pattern)))
		if last != nil && (p.Clients == "" || p.Clients == last.Clients) {
			n.fallback[pattern] = last
		}
	})
	return n
}

// servesTLS says whether any handshake can be made.
func (s *serving) servesTLS() bool {
	return len(s.fallback) > 0 || slices.ContainsFunc(s.policies, (*certificate.Policy).Loaded)
}

// nameUnder returns a host name that pattern covers, and no narrower pattern.
func nameUnder(pattern string) string {
	if pattern == "*" {
		return ""
	}
	return strings.Replace(pattern, "*", "-", 1)
}

// policy returns what a handshake is made with, or nil where there is nothing.
func (s *serving) policy(res routing.TLSResult) *certificate.Policy {
	if res.Outcome != routing.Terminate {
		return nil
	}
	p, fallback := s.policies[res.Policy.Index], s.fallback[res.Pattern]
	switch {
	case fallback == nil && p.Loaded(), fallback != nil && p.Serves(nameUnder(res.Pattern)):
		return p
	}
	return fallback
}
