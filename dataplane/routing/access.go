package routing

import (
	"fmt"
	"net/netip"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// Access says who may come to a Route. The nil Access lets everyone.
type Access struct{ allow, deny []netip.Prefix }

// accessOf is nil for a Route without lists.
func accessOf(r *snapshot.Route) (*Access, error) {
	if r.Access == nil {
		return nil, nil
	}
	allow, err := prefixes(r.Access.Allow)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", r.Key, err)
	}
	deny, err := prefixes(r.Access.Deny)
	if err != nil {
		return nil, fmt.Errorf("route %s: %w", r.Key, err)
	}
	return &Access{allow, deny}, nil
}

func prefixes(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range list {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("address range %q: %w", text, err)
		}
		if a := p.Addr(); a.Is4In6() && p.Bits() >= 96 {
			p = netip.PrefixFrom(a.Unmap(), p.Bits()-96)
		}
		out = append(out, p)
	}
	return out, nil
}

// Admits says whether the client with an address may come. One without a valid
// address is in no range.
func (a *Access) Admits(client netip.Addr) bool {
	if a == nil {
		return true
	}
	client = client.Unmap().WithZone("")
	in := func(p netip.Prefix) bool { return p.Contains(client) }
	return !slices.ContainsFunc(a.deny, in) && (len(a.allow) == 0 || slices.ContainsFunc(a.allow, in))
}

// Access says who may come to the Rule's Route.
func (r *Rule) Access() *Access { return r.access }
