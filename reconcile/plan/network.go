package plan

import (
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// network chooses the overlay network to reach s on: the named one, else its
// only one, else the only one that the data plane is attached to as well.
func (r *resolver) network(namespace string, s *service, named string) (*Network, finding) {
	candidates := r.networksOf(s)
	if named != "" {
		n, ok := find(r.world.networks, namespace, named)
		switch {
		case !ok:
			return nil, finding{v1alpha1.ReasonNoSharedNetwork, fmt.Sprintf("network %q does not exist", named)}
		case !slices.Contains(candidates, n):
			return nil, finding{v1alpha1.ReasonNoSharedNetwork, fmt.Sprintf("service %q is not attached to network %q, but to %s", s.Name, n.Name, networkNames(candidates))}
		}
		return n, finding{}
	}
	if len(candidates) > 1 {
		if shared := r.attachedOnly(candidates); len(shared) == 1 {
			return shared[0], finding{}
		}
		return nil, finding{v1alpha1.ReasonNetworkAmbiguous, fmt.Sprintf("service %q is attached to %s: say which one with network", s.Name, networkNames(candidates))}
	}
	if len(candidates) == 0 {
		return nil, finding{v1alpha1.ReasonNoSharedNetwork, fmt.Sprintf("service %q is attached to no overlay network: create one and attach it with docker service update --network-add, or publish the port with mode=host", s.Name)}
	}
	return candidates[0], finding{}
}

func (r *resolver) attachedOnly(networks []*Network) []*Network {
	var out []*Network
	for _, n := range networks {
		if r.world.attached[n.ID] {
			out = append(out, n)
		}
	}
	return out
}

// networksOf are the overlay networks of s by name, until the next call.
func (r *resolver) networksOf(s *service) []*Network {
	out := r.candidates[:0]
	for _, id := range s.Networks {
		if n, ok := r.world.networks[id]; ok && !n.Ingress && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *Network) int { return strings.Compare(a.Name, b.Name) })
	r.candidates = out
	return out
}

func networkNames(networks []*Network) string {
	if len(networks) == 0 {
		return "none"
	}
	names := make([]string, len(networks))
	for i, n := range networks {
		names[i] = n.Name
	}
	return strings.Join(names, ", ")
}
