package plan

import (
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

func addressBackend(name string, b *v1alpha1.Backend) snapshot.Backend {
	out := snapshot.Backend{ID: suffixed(name, b.Protocol), Name: name, Protocol: protocol(b)}
	addresses := slices.Clone(b.Addresses)
	slices.Sort(addresses)
	for _, a := range slices.Compact(addresses) {
		out.Endpoints = append(out.Endpoints, snapshot.Endpoint{ID: a, Address: a})
	}
	return out
}

func protocol(b *v1alpha1.Backend) snapshot.Protocol {
	if b.Protocol == v1alpha1.ProtocolH2C {
		return snapshot.H2C
	}
	return snapshot.HTTP
}

func suffixed(id string, p v1alpha1.BackendProtocol) string {
	if p == v1alpha1.ProtocolH2C {
		return id + "+h2c"
	}
	return id
}

func (r *resolver) serviceBackend(s *Service, n *Network, b *v1alpha1.Backend) snapshot.Backend {
	port := strconv.Itoa(b.Port)
	out := snapshot.Backend{
		ID:       suffixed(s.ID+":"+port+"@"+n.ID, b.Protocol),
		Name:     s.Name + ":" + port,
		Protocol: protocol(b),
	}
	if !r.world.attached[n.ID] {
		out.Network = n.ID
		r.networks[n.ID] = true
	}
	out.Endpoints = endpoints(r.world.tasks[s.ID], n.ID, port)
	return out
}

// endpoints are the tasks that have an address on the network. All addresses
// are parts of one string: of 50,000 each would cost an allocation.
func endpoints(tasks []*Task, network, port string) []snapshot.Endpoint {
	const longest = len("[ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255]:65535")
	out := make([]snapshot.Endpoint, 0, len(tasks))
	var all strings.Builder
	all.Grow(len(tasks) * longest / 2) // IPv4 mostly
	for _, t := range tasks {
		for _, a := range t.Addresses {
			if a.Network == network {
				start := all.Len()
				writeHostPort(&all, a.IP, port)
				out = append(out, snapshot.Endpoint{ID: t.ID, Address: all.String()[start:]})
				break
			}
		}
	}
	return out
}

// writeHostPort is net.JoinHostPort for what is an IP address for sure.
func writeHostPort(b *strings.Builder, ip, port string) {
	if strings.Contains(ip, ":") {
		b.WriteString("[")
		b.WriteString(ip)
		b.WriteString("]:")
	} else {
		b.WriteString(ip)
		b.WriteString(":")
	}
	b.WriteString(port)
}
