package plan

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// resolver turns names into Endpoints and Certificates. What two Routes name
// alike is resolved once.
type resolver struct {
	world *index

	backends []snapshot.Backend
	resolved map[backendKey]int // indices into backends
	last     struct {           // what was resolved last
		key   backendKey
		index int
	}
	certificates map[string]snapshot.Certificate // by ID
	checks       map[snapshot.HealthCheck]*snapshot.HealthCheck
	networks     map[string]bool          // IDs, that need a Tender
	secrets      map[string]*neededSecret // by ID, that need a Tender
	tended       map[string]bool          // IDs of networks with a running Tender
	trouble      map[string]string        // why a Tender does not start, by the ID of its network or secret
	refs         slab[snapshot.BackendRef]
	scratch      []snapshot.BackendRef // of backendRefs
	strings      slab[string]
	indices      slab[int]
	endpoints    slab[snapshot.Endpoint]
	text         text
	needed       slab[neededSecret]
	candidates   []*Network     // room for networksOf
	tasks        map[string]int // of Backends, by ID; made when all are known
	issues       []issue        // what Issuers are to make
	asked        []asked        // what became of each Certificate
	updating     bool           // a service that is named is being updated
	sessions     bool           // a Rule keeps sessions
}

// backendKey is what makes two Backends the same thing: a service on a network
// or on the nodes of its tasks, or else addresses.
type backendKey struct {
	service   *service
	network   *Network // nil: the nodes
	vip       bool
	port      int
	addresses string
	check     *snapshot.HealthCheck
	settings  string
}

// newResolver makes room for as many Backends as there are services that Routes
// can name, and as many Certificates as there are pairs of secrets: growing
// would cost more than all the rest.
func newResolver(world *index, routes int) *resolver {
	backends := min(routes, len(world.services))
	return &resolver{
		world:        world,
		backends:     make([]snapshot.Backend, 0, backends),
		resolved:     make(map[backendKey]int, backends),
		certificates: make(map[string]snapshot.Certificate, len(world.secrets)/2),
		checks:       map[snapshot.HealthCheck]*snapshot.HealthCheck{},
		networks:     make(map[string]bool, len(world.networks)),
		secrets:      make(map[string]*neededSecret, len(world.secrets)),
		tended:       map[string]bool{},
		trouble:      map[string]string{},
	}
}

// resolve looks up everything that rt names.
func (r *resolver) resolve(rt *route) {
	if !rt.served() {
		return
	}
	rt.check = r.checkOf(rt)
	r.sessions = r.sessions || keepsSessions(rt.rules)
	for i, named := range rt.named {
		r.setBackends(rt, i, r.backendRefs(rt, named))
		r.setMirrors(rt, i, r.mirrors(rt, rt.mirrors[i]))
	}
	if rt.spec.TLS != nil {
		r.resolveCertificates(rt)
	}
}

// setBackends gives rule i of rt its Backends. A rule that has them already is
// that of the Snapshot before, which is not edited.
func (r *resolver) setBackends(rt *route, i int, refs []snapshot.BackendRef) {
	has := rt.rules[i].Backends
	if slices.EqualFunc(has, refs, sameRef) {
		return
	}
	if has != nil {
		rt.rules = slices.Clone(rt.rules)
	}
	rt.rules[i].Backends = append(r.refs.room(len(refs)), refs...)
}

func sameRef(a, b snapshot.BackendRef) bool {
	return a.Backend == b.Backend && a.Weight == b.Weight && len(a.Filters) == 0 && len(b.Filters) == 0 &&
		slices.Equal(a.Mirrors, b.Mirrors)
}

// backendRefs are valid until it is called again.
func (r *resolver) backendRefs(rt *route, named []*v1alpha1.Backend) []snapshot.BackendRef {
	refs := r.scratch[:0]
	for _, b := range named {
		ref := snapshot.BackendRef{Backend: r.backend(rt, b), Weight: 1, Filters: filters(b.Filters), Mirrors: r.mirrors(rt, mirrorsOf(b.Filters))}
		if b.Weight != nil {
			ref.Weight = *b.Weight
		}
		refs = append(refs, ref)
	}
	r.scratch = refs
	return refs
}

func (r *resolver) pair(cert, key *Secret) string {
	c := snapshot.Certificate{ID: r.text.join(cert.ID, ".", key.ID), Name: cert.Name, CertSecret: cert.ID, KeySecret: key.ID}
	r.certificates[c.ID] = c
	r.need(cert)
	r.need(key)
	return c.ID
}

func (rt *route) miss(reason, format string, args ...any) {
	x := rt.except()
	x.unresolved = append(x.unresolved, finding{reason, fmt.Sprintf(format, args...)})
}

// backend resolves a Backend of a Rule of rt. It returns its ID, or "".
func (r *resolver) backend(rt *route, b *v1alpha1.Backend) string {
	i := r.refer(rt, b)
	if i < 0 {
		return ""
	}
	if !slices.Contains(rt.backends, i) {
		rt.backends = r.indices.add(rt.backends, i)
	}
	return r.backends[i].ID
}

// refer resolves b, and says in rt what is wrong with it. It returns its index
// among the Backends, or -1.
func (r *resolver) refer(rt *route, b *v1alpha1.Backend) int {
	key, ok := r.identify(rt, b)
	tls, secured := r.secure(rt, b)
	if !ok || !secured {
		return -1
	}
	key.check = rt.check
	key.settings = settings(b.Protocol, tls)
	if len(r.backends) > 0 && key == r.last.key { // as neighbours often name one
		return r.last.index
	}
	i, ok := r.resolved[key]
	if !ok {
		i = len(r.backends)
		r.resolved[key] = i
		r.backends = append(r.backends, r.newBackend(key, b, tls))
	}
	r.last.key, r.last.index = key, i
	return i
}

// identify looks up what b names.
func (r *resolver) identify(rt *route, b *v1alpha1.Backend) (backendKey, bool) {
	if len(b.Addresses) > 0 {
		return backendKey{addresses: strings.Join(b.Addresses, ",")}, true
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
	key := backendKey{service: service, port: b.Port, vip: b.Mode == v1alpha1.BackendVIP}
	var why finding
	if !r.onNodes(service, b) {
		key.network, why = r.network(rt.namespace, service, b.Network)
	}
	if key.vip && why.reason == "" && virtualIP(service, key.network) == "" {
		why = finding{v1alpha1.ReasonUnsupportedValue, fmt.Sprintf("service %q has no virtual IP there, which mode VIP needs: use mode Task", service.Name)}
	}
	if why.reason != "" {
		x := rt.except()
		x.unresolved = append(x.unresolved, why)
		return backendKey{}, false
	}
	return key, true
}

func (r *resolver) newBackend(key backendKey, b *v1alpha1.Backend, tls *snapshot.BackendTLS) snapshot.Backend {
	var out snapshot.Backend
	if key.service == nil {
		out = addressBackend(key.addresses, b)
	} else {
		r.updating = r.updating || key.service.Updating
		out = r.serviceBackend(key, b)
	}
	if key.settings != "" {
		out.ID = r.text.join(out.ID, key.settings)
	}
	out.ID, out.Check = checked(out.ID, key.check), key.check
	out.Protocol, out.TLS = protocol(b), tls
	return out
}

// shareOf is how many tasks stand behind the Backend of this ID. A virtual IP is
// one, as it was for Interlock.
func (r *resolver) shareOf(mode, id string) int {
	if r.tasks == nil {
		r.tasks = make(map[string]int, len(r.backends))
		for i := range r.backends {
			r.tasks[r.backends[i].ID] = len(r.backends[i].Endpoints)
		}
	}
	if mode == v1alpha1.BackendVIP {
		return min(1, r.tasks[id])
	}
	return r.tasks[id]
}

func (r *resolver) sortedBackends() []snapshot.Backend {
	out := slices.Clone(r.backends)
	slices.SortFunc(out, func(a, b snapshot.Backend) int { return strings.Compare(a.ID, b.ID) })
	return out
}

func (r *resolver) sortedCertificates() []snapshot.Certificate {
	out := slices.AppendSeq(make([]snapshot.Certificate, 0, len(r.certificates)), maps.Values(r.certificates))
	slices.SortFunc(out, func(a, b snapshot.Certificate) int { return strings.Compare(a.ID, b.ID) })
	return out
}
