package plan

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// joint is what several Routes serve together that were made of labels: hosts on
// which their one Rule has the same matches, as with two versions of a service
// under one name. They are one pool there: each task gets an equal share,
// whichever service it is of.
type joint struct {
	hosts []string
	// members are in precedence order. What is not shared is the first one's.
	members []*route
}

// joinLabels moves such hosts from the Routes into joints of the first of each.
func joinLabels(routes []*route) {
	claims := map[string][]*route{}
	for _, rt := range routes {
		if joinable(rt) {
			for _, h := range rt.hosts {
				claims[h] = append(claims[h], rt)
			}
		}
	}
	for _, rt := range routes {
		if joinable(rt) {
			joinHosts(rt, claims)
		}
	}
}

// joinHosts makes the joints of which rt is the first member.
func joinHosts(rt *route, claims map[string][]*route) {
	for _, h := range slices.Clone(rt.hosts) {
		members := membersOf(rt, h, claims[h])
		if len(members) < 2 {
			continue
		}
		for _, m := range members {
			m.hosts = slices.DeleteFunc(slices.Clone(m.hosts), func(own string) bool { return own == h })
			m.share(h, members)
		}
		x := rt.except()
		i := slices.IndexFunc(x.joints, func(j joint) bool { return slices.Equal(j.members, members) })
		if i < 0 {
			i = len(x.joints)
			x.joints = append(x.joints, joint{members: members})
		}
		x.joints[i].hosts = append(x.joints[i].hosts, h)
	}
}

// membersOf are rt and the younger Routes that share a host with it.
func membersOf(rt *route, host string, claimants []*route) []*route {
	members := []*route{rt}
	for _, other := range claimants[slices.Index(claimants, rt)+1:] {
		if slices.Contains(other.hosts, host) && together(rt, other) {
			members = append(members, other)
		}
	}
	return members
}

func (rt *route) share(host string, members []*route) {
	var others []string
	for _, m := range members {
		if m != rt {
			others = append(others, m.object.Key)
		}
	}
	x := rt.except()
	x.shared = append(x.shared, fmt.Sprintf("host %s is shared with %s: each task gets an equal share", host, strings.Join(others, ", ")))
}

func joinable(rt *route) bool {
	return rt.object.FromLabels && rt.served() && len(rt.rules) == 1 && len(rt.named[0]) > 0
}

// together says whether two Routes share the hosts that both claim.
func together(a, b *route) bool {
	return joinable(a) && joinable(b) && modeOf(a) == modeOf(b) &&
		sameMatches(a.rules[0].Matches, b.rules[0].Matches) && reflect.DeepEqual(a.rules[0].Filters, b.rules[0].Filters)
}

func modeOf(rt *route) string {
	if rt.spec.TLS == nil {
		return ""
	}
	return string(rt.spec.TLS.Mode)
}

func sameMatches(a, b []snapshot.Match) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(m snapshot.Match) bool {
		return !slices.ContainsFunc(b, func(n snapshot.Match) bool { return equalMatch(&m, &n) })
	})
}

// snapshot is the first member's Route with the Backends of all.
func (j *joint) snapshot(r *resolver) *snapshot.Route {
	first := j.members[0]
	out := first.snapshot()
	out.Hosts = j.hosts
	out.Certificates = slices.Clone(out.Certificates)
	for _, m := range j.members[1:] {
		for _, id := range m.certificates {
			if !slices.Contains(out.Certificates, id) {
				out.Certificates = append(out.Certificates, id)
			}
		}
	}
	rule := first.rules[0]
	rule.Backends = j.pool(r)
	out.Rules = []snapshot.Rule{rule}
	out.Digest = out.Sum()
	return out
}

// pool are the Backends of all members, each weighed by its Endpoints. What does
// not resolve is left out where anything does.
func (j *joint) pool(r *resolver) []snapshot.BackendRef {
	var refs, lost []snapshot.BackendRef
	ready := 0
	for _, m := range j.members {
		for i, ref := range m.rules[0].Backends {
			if ref.Backend == "" {
				lost = append(lost, ref)
				continue
			}
			ref.Weight = r.shareOf(m.named[0][i].Mode, ref.Backend)
			ready += ref.Weight
			refs = append(refs, ref)
		}
	}
	if ready == 0 {
		for i := range refs {
			refs[i].Weight = 1
		}
	}
	if len(refs) == 0 {
		return lost
	}
	return refs
}
