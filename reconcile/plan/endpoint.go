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

func (r *resolver) serviceBackend(s *service, n *Network, b *v1alpha1.Backend) snapshot.Backend {
	port := strconv.Itoa(b.Port)
	out := snapshot.Backend{
		ID:       suffixed(r.text.join(s.ID, ":", port, "@", n.ID), b.Protocol),
		Name:     r.text.join(s.Name, ":", port),
		Protocol: protocol(b),
	}
	if !r.world.attached[n.ID] {
		out.Network = n.ID
		r.networks[n.ID] = true
	}
	out.Endpoints = r.endpointsOf(s, n.ID, port)
	return out
}

// endpointsOf are the tasks of s that have an address on the network, and those
// of before an update that brought s there.
func (r *resolver) endpointsOf(s *service, network, port string) []snapshot.Endpoint {
	out := r.endpoints.room(len(s.tasks))
	for _, t := range s.tasks {
		ip, elsewhere := addressOn(t, network), ""
		if ip == "" {
			if ip, elsewhere = r.addressOfBefore(s.Service, t); ip == "" {
				continue
			}
			r.networks[elsewhere] = true
		}
		e := snapshot.Endpoint{ID: t.ID, Address: r.hostPort(ip, port), Network: elsewhere, Slot: t.Slot}
		if t.Slot != "" {
			e.Created = t.Created
		}
		out = append(out, e)
	}
	return out
}

// hostPort is net.JoinHostPort for what is an IP address for sure.
func (r *resolver) hostPort(ip, port string) string {
	if strings.Contains(ip, ":") {
		return r.text.join("[", ip, "]:", port)
	}
	return r.text.join(ip, ":", port)
}

// addressOn is the task's IP address on a network, or "".
func addressOn(t *Task, network string) string {
	for i := range t.Addresses {
		if t.Addresses[i].Network == network {
			return t.Addresses[i].IP
		}
	}
	return ""
}

// addressOfBefore is the address of a task that s had before an update moved s
// to other networks: on one that s is not attached to any more, of several the
// one with the lowest ID. A network that the data plane reaches without a Tender
// is left out: an Endpoint cannot name it.
func (r *resolver) addressOfBefore(s *Service, t *Task) (ip, network string) {
	for _, a := range t.Addresses {
		n := r.world.networks[a.Network]
		if n == nil || n.Ingress || r.world.attached[n.ID] || slices.Contains(s.Networks, n.ID) {
			continue
		}
		if network == "" || n.ID < network {
			ip, network = a.IP, n.ID
		}
	}
	return ip, network
}
