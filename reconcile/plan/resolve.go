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
	resolved     map[backendKey]int              // indices into backends
	certificates map[string]snapshot.Certificate // by ID
	networks     map[string]bool                 // IDs, that need a Tender
	secrets      map[string]*neededSecret        // by ID, that need a Tender
	tended       map[string]bool                 // IDs of networks with a running Tender
	refs         slab[snapshot.BackendRef]
	strings      slab[string]
	indices      slab[int]
	needed       slab[neededSecret]
	candidates   []*Network // room for networksOf
	updating     bool       // a service that is named is being updated
}

// backendKey is what makes two Backends the same thing: a service on a network,
// or else addresses.
type backendKey struct {
	service   *Service
	network   *Network
	port      int
	addresses string
	protocol  v1alpha1.BackendProtocol
}

// newResolver makes room for as many Backends as there are Routes, and as many
// Certificates as there are pairs of secrets: growing would cost more than all
// the rest.
func newResolver(world *index, routes int) *resolver {
	return &resolver{
		world:        world,
		backends:     make([]snapshot.Backend, 0, routes),
		resolved:     make(map[backendKey]int, routes),
		certificates: make(map[string]snapshot.Certificate, len(world.secrets)/2),
		networks:     make(map[string]bool, len(world.networks)),
		secrets:      make(map[string]*neededSecret, len(world.secrets)),
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

func (r *resolver) backendRefs(rt *route, named []*v1alpha1.Backend) []snapshot.BackendRef {
	var refs []snapshot.BackendRef
	for _, b := range named {
		ref := snapshot.BackendRef{Backend: r.backend(rt, b), Weight: 1, Filters: filters(b.Filters)}
		if b.Weight != nil {
			ref.Weight = *b.Weight
		}
		refs = r.refs.add(refs, ref)
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
		r.need(cert)
		r.need(key)
		rt.certificates = r.strings.add(rt.certificates, c.ID)
	}
}

// neededSecret is a Secret that a Route names.
type neededSecret struct {
	*Secret
	held bool // by a Tender that stays
}

func (r *resolver) need(s *Secret) {
	if r.secrets[s.ID] == nil {
		r.secrets[s.ID] = &r.needed.one(neededSecret{Secret: s})[0]
	}
}

func (rt *route) miss(reason, format string, args ...any) {
	rt.unresolved = append(rt.unresolved, finding{reason, fmt.Sprintf(format, args...)})
}

// backend resolves b, and says in rt what is wrong with it. It returns the
// Backend's ID, or "".
func (r *resolver) backend(rt *route, b *v1alpha1.Backend) string {
	key, ok := r.identify(rt, b)
	if !ok {
		return ""
	}
	i, ok := r.resolved[key]
	if !ok {
		i = len(r.backends)
		r.resolved[key] = i
		r.backends = append(r.backends, r.newBackend(key, b))
	}
	if !slices.Contains(rt.backends, i) {
		rt.backends = r.indices.add(rt.backends, i)
	}
	return r.backends[i].ID
}

// identify looks up what b names.
func (r *resolver) identify(rt *route, b *v1alpha1.Backend) (backendKey, bool) {
	if len(b.Addresses) > 0 {
		return backendKey{addresses: strings.Join(b.Addresses, ","), protocol: b.Protocol}, true
	}
	service, ok := find(r.world.services, rt.namespace, b.Service)
	switch {
	case !r.world.swarm:
		rt.miss(v1alpha1.ReasonBackendNotFound, "service %q: there is no swarm here; name the backend by addresses", b.Service)
		return backendKey{}, false
	case !ok:
		rt.miss(v1alpha1.ReasonBackendNotFound, "service %q does not exist", b.Service)
		return backendKey{}, false
	}
	network, why := r.network(rt.namespace, service, b.Network)
	if network == nil {
		rt.unresolved = append(rt.unresolved, why)
		return backendKey{}, false
	}
	return backendKey{service: service, network: network, port: b.Port, protocol: b.Protocol}, true
}

func (r *resolver) newBackend(key backendKey, b *v1alpha1.Backend) snapshot.Backend {
	if key.service == nil {
		return addressBackend(key.addresses, b)
	}
	if key.service.Updating {
		r.updating = true
	}
	return r.serviceBackend(key.service, key.network, b)
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

// networksOf are the overlay networks of s by name, until the next call.
func (r *resolver) networksOf(s *Service) []*Network {
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
