package plan

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// resolver turns names into Endpoints and Certificates. What two Routes name
// alike is resolved once.
type resolver struct {
	world *index

	backends     []snapshot.Backend
	byID         map[string]int // backends by ID
	resolved     map[backendKey]resolution
	certificates map[string]snapshot.Certificate // by ID
	networks     map[string]bool                 // IDs, that need a Tender
	secrets      map[string]*Secret              // by ID, that need a Tender
	tended       map[string]bool                 // IDs of networks with a running Tender
	updating     bool                            // a service that is named is being updated
}

// backendKey is what makes two Backends the same thing.
type backendKey struct {
	namespace, service, network, addresses string
	port                                   int
	protocol                               v1alpha1.BackendProtocol
}

// resolution is a Backend's index, or -1 and why it does not resolve.
type resolution struct {
	index int
	why   finding
}

// newResolver makes room for as many Backends as there are Routes, and as many
// Certificates as there are pairs of secrets: growing would cost more than all
// the rest.
func newResolver(world *index, routes int) *resolver {
	return &resolver{
		world:        world,
		backends:     make([]snapshot.Backend, 0, routes),
		byID:         make(map[string]int, routes),
		resolved:     make(map[backendKey]resolution, routes),
		certificates: make(map[string]snapshot.Certificate, len(world.secrets)/2),
		networks:     make(map[string]bool, len(world.networks)),
		secrets:      make(map[string]*Secret, len(world.secrets)),
		tended:       map[string]bool{},
	}
}

// resolve looks up everything that rt names.
func (r *resolver) resolve(rt *route) {
	if !rt.served() {
		return
	}
	for i, named := range rt.named {
		rt.rules[i].Backends = r.backendRefs(rt, named)
	}
	if rt.spec.TLS != nil {
		r.resolveCertificates(rt)
	}
}

func (r *resolver) backendRefs(rt *route, backends []v1alpha1.Backend) []snapshot.BackendRef {
	if len(backends) == 0 {
		return nil
	}
	refs := make([]snapshot.BackendRef, len(backends))
	for i := range backends {
		b := &backends[i]
		refs[i] = snapshot.BackendRef{Backend: r.backend(rt, b), Weight: 1, Filters: filters(b.Filters)}
		if b.Weight != nil {
			refs[i].Weight = *b.Weight
		}
	}
	return refs
}

func (r *resolver) resolveCertificates(rt *route) {
	for _, ref := range rt.spec.TLS.SecretRefs {
		cert, haveCert := find(r.world.secrets, rt.namespace, ref.Cert)
		key, haveKey := find(r.world.secrets, rt.namespace, ref.Key)
		if !haveCert {
			rt.miss(v1alpha1.ReasonSecretNotFound, "secret %q does not exist: create it with docker secret create", ref.Cert)
		}
		if !haveKey {
			rt.miss(v1alpha1.ReasonSecretNotFound, "secret %q does not exist: create it with docker secret create", ref.Key)
		}
		if !haveCert || !haveKey {
			continue
		}
		c := snapshot.Certificate{ID: cert.ID + "." + key.ID, Name: cert.Name, CertSecret: cert.ID, KeySecret: key.ID}
		r.certificates[c.ID] = c
		r.secrets[cert.ID], r.secrets[key.ID] = cert, key
		rt.certificates = append(rt.certificates, c.ID)
	}
}

func (rt *route) miss(reason, format string, args ...any) {
	rt.unresolved = append(rt.unresolved, finding{reason, fmt.Sprintf(format, args...)})
}

// backend resolves b, and says in rt what is wrong with it. It returns the
// Backend's ID, or "".
func (r *resolver) backend(rt *route, b *v1alpha1.Backend) string {
	key := backendKey{rt.namespace, b.Service, b.Network, strings.Join(b.Addresses, ","), b.Port, b.Protocol}
	res, ok := r.resolved[key]
	if !ok {
		res = r.lookUp(rt.namespace, b)
		r.resolved[key] = res
	}
	if res.index < 0 {
		rt.unresolved = append(rt.unresolved, res.why)
		return ""
	}
	if !slices.Contains(rt.backends, res.index) {
		rt.backends = append(rt.backends, res.index)
	}
	return r.backends[res.index].ID
}

func (r *resolver) lookUp(namespace string, b *v1alpha1.Backend) resolution {
	if len(b.Addresses) > 0 {
		return r.add(addressBackend(b))
	}
	service, ok := find(r.world.services, namespace, b.Service)
	switch {
	case !r.world.swarm:
		return unresolved(v1alpha1.ReasonBackendNotFound, "service %q: there is no swarm here; name the backend by addresses", b.Service)
	case !ok:
		return unresolved(v1alpha1.ReasonBackendNotFound, "service %q does not exist", b.Service)
	}
	network, why := r.network(namespace, service, b.Network)
	if network == nil {
		return resolution{-1, why}
	}
	if service.Updating {
		r.updating = true
	}
	return r.add(r.serviceBackend(service, network, b))
}

func unresolved(reason, format string, args ...any) resolution {
	return resolution{-1, finding{reason, fmt.Sprintf(format, args...)}}
}

// add appends b, unless another namespace's name led to the same thing.
func (r *resolver) add(b snapshot.Backend) resolution {
	i, ok := r.byID[b.ID]
	if !ok {
		i = len(r.backends)
		r.byID[b.ID] = i
		r.backends = append(r.backends, b)
	}
	return resolution{index: i}
}

func (r *resolver) sortedBackends() []snapshot.Backend {
	out := slices.Clone(r.backends)
	slices.SortFunc(out, func(a, b snapshot.Backend) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (r *resolver) sortedCertificates() []snapshot.Certificate {
	out := slices.Collect(maps.Values(r.certificates))
	slices.SortFunc(out, func(a, b snapshot.Certificate) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func addressBackend(b *v1alpha1.Backend) snapshot.Backend {
	name := strings.Join(b.Addresses, ",")
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

// network chooses the overlay network to reach s on: the named one, else its
// only one, else the only one that the data plane is attached to as well.
func (r *resolver) network(namespace string, s *Service, named string) (*Network, finding) {
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
		return nil, finding{v1alpha1.ReasonNoSharedNetwork, fmt.Sprintf("service %q is attached to no overlay network: create one and attach it with docker service update --network-add", s.Name)}
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

func (r *resolver) networksOf(s *Service) []*Network {
	out := make([]*Network, 0, len(s.Networks))
	for _, id := range s.Networks {
		if n, ok := r.world.networks[id]; ok && !n.Ingress && !slices.Contains(out, n) {
			out = append(out, n)
		}
	}
	slices.SortFunc(out, func(a, b *Network) int { return strings.Compare(a.Name, b.Name) })
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
