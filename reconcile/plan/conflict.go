package plan

import (
	"fmt"
	"hash/maphash"
	"math/bits"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// findConflicts lets the oldest Route win, host by host. routes are in
// precedence order. There are two kinds:
//
//	a host that one Route passes through   HostConflict: the younger Route
//	and another terminates or passes too   does not get the host
//	two equal matches on one host          PathConflict: both stand in the
//	                                       table, where the older comes first
//
// A Route without TLS and one with TLS never conflict: they are served on
// different Listeners. Routes that were made of labels share what they have in
// common: see joint.
func findConflicts(routes []*route) {
	claims := sharedHosts(routes)
	if len(claims) == 0 {
		return
	}
	for _, rt := range routes {
		if rt.served() && slices.ContainsFunc(rt.hosts, func(h string) bool { return len(claims[h]) > 1 }) {
			conflictsOf(rt, claims)
		}
	}
}

// sharedHosts are the hosts that several Routes claim, with those Routes in
// precedence order. Most hosts have one Route, so hashes are compared first: a
// host that only looks shared has one claimant in the end.
func sharedHosts(routes []*route) map[string][]*route {
	claims := map[string][]*route{}
	seen := newHashes(routes)
	eachHost(routes, func(_ *route, host string) {
		if seen.add(host) {
			claims[host] = nil
		}
	})
	if len(claims) > 0 {
		eachHost(routes, func(rt *route, host string) {
			if claimants, shared := claims[host]; shared {
				claims[host] = append(claimants, rt)
			}
		})
	}
	return claims
}

func eachHost(routes []*route, f func(*route, string)) {
	for _, rt := range routes {
		if rt.served() {
			for _, host := range rt.hosts {
				f(rt, host)
			}
		}
	}
}

// hashes is a set of the hashes of hosts.
type hashes struct {
	seed maphash.Seed
	// slots are 0 where free. Their number is a power of two.
	slots []uint64
}

func newHashes(routes []*route) hashes {
	n := 1
	for _, rt := range routes {
		n += len(rt.hosts)
	}
	return hashes{maphash.MakeSeed(), make([]uint64, 1<<bits.Len(uint(2*n)))}
}

// add says whether a host with the same hash is in the set already, as all that
// hash to 0 are.
func (s *hashes) add(host string) bool {
	hash := maphash.String(s.seed, host)
	for at := hash; ; at++ {
		switch slot := &s.slots[at&uint64(len(s.slots)-1)]; *slot {
		case hash:
			return true
		case 0:
			*slot = hash
			return false
		}
	}
}

// conflictsOf finds what older Routes take from rt. Those come first in
// routes, so their hosts are final already.
func conflictsOf(rt *route, claims map[string][]*route) {
	kept := make([]string, 0, len(rt.hosts))
	for _, h := range rt.hosts {
		if winner := hostWinner(rt, h, claims[h]); winner != nil {
			rt.conflict(v1alpha1.ReasonHostConflict, "host %s belongs to %s, which has TLS mode %s there",
				h, winner.before(rt), winner.spec.TLS.Mode)
			continue
		}
		kept = append(kept, h)
	}
	if len(kept) == 0 {
		rt.except().refused = finding{v1alpha1.ReasonHostConflict, joinMessages(rt.conflicts)}
		return
	}
	rt.hosts = kept
	if !isPassthrough(rt) {
		findShadowed(rt, claims)
	}
}

// before names rt for a Route that comes after it, and says why it does.
func (rt *route) before(other *route) string {
	if other.object.FromLabels && !rt.object.FromLabels {
		return "Route " + rt.object.Key + ", which was applied and so goes before labels"
	}
	return "the older Route " + rt.object.Key
}

func (rt *route) conflict(reason, format string, args ...any) {
	x := rt.except()
	x.conflicts = append(x.conflicts, finding{reason, fmt.Sprintf(format, args...)})
}

// hostWinner is the older Route that leaves rt nothing of host h, or nil.
func hostWinner(rt *route, h string, claimants []*route) *route {
	if rt.spec.TLS == nil {
		return nil
	}
	for _, older := range claimants {
		if older == rt {
			return nil
		}
		if older.spec.TLS != nil && holds(older, h) && !together(older, rt) && (isPassthrough(rt) || isPassthrough(older)) {
			return older
		}
	}
	return nil
}

func holds(rt *route, h string) bool { return rt.served() && slices.Contains(rt.hosts, h) }

// findShadowed finds the matches of rt that an older Route has on every host
// of rt, and refuses rt where no match is left.
func findShadowed(rt *route, claims map[string][]*route) {
	open, total := 0, 0
	for i := range rt.rules {
		for j := range rt.rules[i].Matches {
			m := &rt.rules[i].Matches[j]
			for _, h := range rt.hosts {
				total++
				winner := matchWinner(rt, h, m, claims[h])
				if winner == nil {
					open++
					continue
				}
				rt.conflict(v1alpha1.ReasonPathConflict, "%s %s on host %s is served by %s",
					m.Path.Type, m.Path.Value, h, winner.before(rt))
			}
		}
	}
	if open == 0 && total > 0 {
		rt.except().refused = finding{v1alpha1.ReasonHostConflict, joinMessages(rt.conflicts)}
	}
}

func matchWinner(rt *route, h string, m *snapshot.Match, claimants []*route) *route {
	for _, older := range claimants {
		if older == rt {
			return nil
		}
		if (older.spec.TLS == nil) == (rt.spec.TLS == nil) && holds(older, h) && hasMatch(older, m) && !together(older, rt) {
			return older
		}
	}
	return nil
}

func hasMatch(rt *route, m *snapshot.Match) bool {
	for i := range rt.rules {
		for j := range rt.rules[i].Matches {
			if equalMatch(&rt.rules[i].Matches[j], m) {
				return true
			}
		}
	}
	return false
}

// equalMatch compares conditions, whatever their order.
func equalMatch(a, b *snapshot.Match) bool {
	return a.Path == b.Path && a.Method == b.Method && sameValues(a.Headers, b.Headers) && sameValues(a.Query, b.Query)
}

func sameValues(a, b []snapshot.ValueMatch) bool {
	if len(a) != len(b) {
		return false
	}
	for _, v := range a {
		if !slices.Contains(b, v) {
			return false
		}
	}
	return true
}

func joinMessages(findings []finding) string {
	messages := make([]string, 0, len(findings))
	for _, f := range findings {
		if !slices.Contains(messages, f.message) {
			messages = append(messages, f.message)
		}
	}
	return strings.Join(messages, "; ")
}
