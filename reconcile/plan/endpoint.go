package plan

import (
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

func addressBackend(name string, b *v1alpha1.Backend) snapshot.Backend {
	out := snapshot.Backend{ID: name, Name: name}
	addresses := slices.Clone(b.Addresses)
	slices.Sort(addresses)
	for _, a := range slices.Compact(addresses) {
		out.Endpoints = append(out.Endpoints, snapshot.Endpoint{ID: a, Address: a})
	}
	return out
}

func protocol(b *v1alpha1.Backend) snapshot.Protocol {
	switch b.Protocol {
	case v1alpha1.ProtocolH2C:
		return snapshot.H2C
	case v1alpha1.ProtocolHTTPS:
		return snapshot.HTTPS
	}
	return snapshot.HTTP
}

func (r *resolver) serviceBackend(key backendKey, b *v1alpha1.Backend) snapshot.Backend {
	s, n, port := key.service, key.network, strconv.Itoa(b.Port)
	out := snapshot.Backend{Name: r.text.join(s.Name, ":", port)}
	switch {
	case n == nil:
		out.ID = r.text.join(s.ID, ":", port, "@nodes")
		out.Endpoints = r.endpointsOnNodes(s, b.Port)
	case key.vip:
		out.ID = r.text.join(s.ID, ":", port, "@", n.ID, "+vip")
		out.Endpoints = r.endpointOfAll(s, n, port)
	default:
		out.ID = r.text.join(s.ID, ":", port, "@", n.ID)
		out.Endpoints = r.endpointsOf(s, n.ID, port)
	}
	if n != nil && !r.world.attached[n.ID] {
		out.Network = n.ID
		r.networks[n.ID] = true
	}
	return out
}

// onNodes says whether s is reached at the ports that its tasks have on their
// nodes: it is on no overlay network, and publishes the port there.
func (r *resolver) onNodes(s *service, b *v1alpha1.Backend) bool {
	return b.Network == "" && slices.Contains(s.HostPorts, b.Port) && len(r.networksOf(s)) == 0
}

// endpointsOnNodes are the tasks of s at the port that each has on its node.
func (r *resolver) endpointsOnNodes(s *service, port int) []snapshot.Endpoint {
	var out []snapshot.Endpoint
	for _, t := range s.tasks {
		node := r.world.nodes[t.NodeID]
		i := slices.IndexFunc(t.HostPorts, func(p HostPort) bool { return p.Target == port })
		if node == nil || node.Address == "" || i < 0 {
			continue
		}
		out = append(out, r.endpoint(t, r.hostPort(node.Address, strconv.Itoa(t.HostPorts[i].Published)), ""))
	}
	return out
}

// endpointOfAll is the virtual IP of s, where any task runs behind it.
func (r *resolver) endpointOfAll(s *service, n *Network, port string) []snapshot.Endpoint {
	if len(s.tasks) == 0 {
		return nil
	}
	return []snapshot.Endpoint{{ID: r.text.join(s.ID, "+vip"), Address: r.hostPort(virtualIP(s, n), port)}}
}

// virtualIP is that of s on n, or "".
func virtualIP(s *service, n *Network) string {
	if n == nil {
		return ""
	}
	for _, a := range s.VirtualIPs {
		if a.Network == n.ID {
			return a.IP
		}
	}
	return ""
}

func (r *resolver) endpoint(t *Task, address, network string) snapshot.Endpoint {
	e := snapshot.Endpoint{ID: t.ID, Address: address, Network: network, Slot: t.Slot}
	if t.Slot != "" {
		e.Created = t.Created
	}
	return e
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
		out = append(out, r.endpoint(t, r.hostPort(ip, port), elsewhere))
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
