package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/reconcile/plan"
)

// heldCertificate is all that is known of the certificates of one name. The bytes
// of secrets cannot be read over the Docker API: what is known comes from labels,
// from what wants them, and from what the data planes say.
type heldCertificate struct {
	// Name is a Certificate's key, "route/KEY" for that of a Route's Issuer, the label
	// of secrets that were made by hand, or the name of a secret with a chain.
	Name string `json:"name"`
	// Issuer is the Issuer's key; absent for what was made by hand.
	Issuer string   `json:"issuer,omitempty"`
	Hosts  []string `json:"hosts,omitempty"`
	// Version, Secret and NotAfter are the newest's.
	Version  int        `json:"version,omitempty"`
	Secret   string     `json:"secret,omitempty"`
	NotAfter *time.Time `json:"notAfter,omitempty"`
	// Renewal is when an Issuer makes the next one; Asked says that somebody wants
	// that now.
	Renewal *time.Time        `json:"renewal,omitempty"`
	Asked   *v1alpha1.Renewal `json:"asked,omitempty"`
	// Routes and Services use it, any version of it.
	Routes   []string `json:"routes,omitempty"`
	Services []string `json:"services,omitempty"`
	// Unknown is why something of the newest is not known.
	Unknown string `json:"unknown,omitempty"`
	// Versions are the newest first.
	Versions []heldVersion `json:"versions,omitempty"`
	// Conditions are those of the object that wants it.
	Conditions []v1alpha1.Condition `json:"conditions,omitempty"`

	label  string  // of its secrets; "" where they are named one by one
	object *object // that wants it of an Issuer
}

// heldVersion is one certificate.
type heldVersion struct {
	Version  int        `json:"version,omitempty"`
	Secret   string     `json:"secret"`
	Key      string     `json:"key,omitempty"` // the secret with the key, where it is another
	Created  *time.Time `json:"created,omitempty"`
	Begins   *time.Time `json:"begins,omitempty"`
	NotAfter *time.Time `json:"notAfter,omitempty"`
	Hosts    []string   `json:"hosts,omitempty"`
	Issuer   string     `json:"issuer,omitempty"`
	// Serving are the Routes that every data plane serves with it, and Services mount
	// it. Trouble is what a data plane says against it.
	Serving  []string `json:"serving,omitempty"`
	Services []string `json:"services,omitempty"`
	Trouble  string   `json:"trouble,omitempty"`
}

// holdings gathers heldCertificates.
type holdings struct {
	world    *plan.World
	services map[string][]string                    // by secret ID
	serving  map[string][]string                    // Routes, by the name of the secret with the chain
	known    map[string]v1alpha1.ServingCertificate // likewise
	trouble  map[string]string                      // likewise
	used     map[string][]string                    // Routes, by secret ID
	wanted   map[string]plan.Wanted                 // by label
	pairs    map[string]plan.Pair                   // of secrets that Routes name, by the ID of the Certificate
}

// holdings looks at everything that is known.
func (c *client) holdings(ctx context.Context, cluster Cluster) ([]heldCertificate, error) {
	objects, err := listAll(ctx, cluster)
	if err != nil {
		return nil, err
	}
	in, err := c.input(ctx, cluster, objects)
	if err != nil {
		return nil, err
	}
	h := &holdings{
		world: &in.World, services: map[string][]string{}, serving: map[string][]string{}, known: map[string]v1alpha1.ServingCertificate{},
		trouble: map[string]string{}, used: map[string][]string{}, wanted: map[string]plan.Wanted{}, pairs: map[string]plan.Pair{},
	}
	for i := range in.World.Services {
		for _, id := range in.World.Services[i].Secrets {
			h.services[id] = append(h.services[id], in.World.Services[i].Name)
		}
	}
	h.noteServing(objects)
	for _, in.Cluster = range clustersOf(in) {
		reports, err := c.states(ctx, cluster, in.Cluster)
		if err != nil {
			return nil, err
		}
		h.noteTrouble(reports)
		h.notePlan(plan.Compute(in))
	}
	return h.gather(objects), nil
}

// clustersOf are the service clusters that there are.
func clustersOf(in plan.Input) []string {
	clusters := map[string]bool{"": true}
	for i := range in.Objects {
		clusters[in.Objects[i].Cluster] = true
	}
	return sortedKeys(clusters)
}

func (h *holdings) noteServing(objects []object) {
	for _, o := range objects {
		if o.kind != routeKind || o.Status == nil || o.Status.Certificate == nil {
			continue
		}
		for _, s := range o.Status.Certificate.Serving {
			h.serving[s.Secret] = append(h.serving[s.Secret], o.Key())
			h.known[s.Secret] = s
		}
	}
}

func (h *holdings) noteTrouble(reports states) {
	for _, r := range reports {
		for _, c := range r.Certificates {
			if c.State != snapshot.CertificateLoaded {
				h.trouble[c.Name] = cmp.Or(c.Message, strings.ToLower(string(c.State)))
			}
		}
	}
}

func (h *holdings) notePlan(p plan.Plan) {
	for _, w := range p.Wanted {
		h.wanted[w.Label] = w
	}
	byID := map[string]*plan.Secret{}
	for i := range h.world.Secrets {
		byID[h.world.Secrets[i].ID] = &h.world.Secrets[i]
	}
	pairs := map[string]plan.Pair{}
	for _, c := range p.Snapshot.Certificates {
		pairs[c.ID] = plan.Pair{Cert: byID[c.CertSecret], Key: byID[c.KeySecret]}
	}
	for _, r := range p.Snapshot.Routes {
		for _, id := range slices.Concat(r.Certificates, r.Earlier) {
			pair := pairs[id]
			h.used[pair.Cert.ID] = append(h.used[pair.Cert.ID], r.Key)
			if pair.Cert.Certificate == "" {
				h.pairs[id] = pair
			}
		}
	}
}

// gather makes one of each name, sorted by name.
func (h *holdings) gather(objects []object) []heldCertificate {
	byLabel := map[string][]*plan.Secret{}
	for i := range h.world.Secrets {
		if s := &h.world.Secrets[i]; s.Certificate != "" {
			byLabel[s.Certificate] = append(byLabel[s.Certificate], s)
		}
	}
	for label := range h.wanted {
		byLabel[label] = append(byLabel[label], nil...)
	}
	wanting := map[string]*object{}
	for i := range objects {
		switch o := &objects[i]; {
		case o.kind == certificateKind:
			wanting[o.Key()] = o
			byLabel[o.Key()] = append(byLabel[o.Key()], nil...)
		case o.kind == routeKind && o.Route != nil && o.Route.Spec.TLS != nil && o.Route.Spec.TLS.IssuerRef != "":
			wanting[plan.RouteLabel(o.Key())] = o
		}
	}
	var out []heldCertificate
	for _, label := range sortedKeys(byLabel) {
		out = append(out, h.labelled(label, byLabel[label], wanting[label]))
	}
	for _, id := range sortedKeys(h.pairs) {
		out = append(out, h.one(heldCertificate{Name: h.pairs[id].Cert.Name}, []plan.Pair{h.pairs[id]}))
	}
	slices.SortFunc(out, func(a, b heldCertificate) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// labelled is what is known of a label; wanting is nil where no Issuer is asked.
func (h *holdings) labelled(label string, secrets []*plan.Secret, wanting *object) heldCertificate {
	held := heldCertificate{Name: label, label: label, object: wanting}
	if wanting != nil {
		if wanting.kind == routeKind {
			held.Name = wanting.ref()
		}
		if wanting.Status != nil {
			held.Conditions = wanting.Status.Conditions
			if s := wanting.Status.Certificate; s != nil {
				held.Asked = s.Renew
			}
		}
	}
	if w, ok := h.wanted[label]; ok {
		held.Issuer, held.Hosts = w.Issuer, w.Names
		if !w.Due.IsZero() {
			held.Renewal = instant(w.Due)
		}
	} else if wanting != nil {
		held.Issuer, held.Hosts = issuerOf(wanting), wanting.hosts()
	}
	pairs := plan.Pairs(secrets)
	if held.Issuer != "" { // what an Issuer made goes before what a person made
		slices.SortStableFunc(pairs, func(a, b plan.Pair) int { return cmp.Compare(b.Cert.Issued.Version, a.Cert.Issued.Version) })
		slices.SortStableFunc(pairs, func(a, b plan.Pair) int { return byIssuer(a) - byIssuer(b) })
	}
	return h.one(held, pairs)
}

func byIssuer(p plan.Pair) int {
	if p.Cert.Issued.Issuer == "" {
		return 1
	}
	return 0
}

// issuerOf is the name of the Issuer that an object names.
func issuerOf(o *object) string {
	switch {
	case o.Certificate != nil:
		return o.Certificate.Spec.IssuerRef
	case o.Route != nil && o.Route.Spec.TLS != nil:
		return o.Route.Spec.TLS.IssuerRef
	}
	return ""
}

// one fills in what the secrets of held tell, the newest first.
func (h *holdings) one(held heldCertificate, pairs []plan.Pair) heldCertificate {
	for _, p := range pairs {
		v := h.version(p)
		held.Versions = append(held.Versions, v)
		held.Routes = append(held.Routes, h.used[p.Cert.ID]...)
		held.Services = append(held.Services, v.Services...)
	}
	held.Routes, held.Services = unique(held.Routes), unique(held.Services)
	if len(held.Versions) == 0 {
		held.Unknown = "there is no certificate yet"
		return held
	}
	newest := held.Versions[0]
	held.Version, held.Secret, held.NotAfter = newest.Version, newest.Secret, newest.NotAfter
	if len(held.Hosts) == 0 {
		held.Hosts = newest.Hosts
	}
	if held.NotAfter == nil {
		held.Unknown = fmt.Sprintf("the bytes of secrets cannot be read over the Docker API, %s has no labels that say its end, and no Route serves it", newest.Secret)
	}
	return held
}

func (h *holdings) version(p plan.Pair) heldVersion {
	issued, known := p.Cert.Issued, h.known[p.Cert.Name]
	v := heldVersion{
		Version: issued.Version, Secret: p.Cert.Name, Issuer: issued.Issuer, Created: instant(p.Created()), Begins: instant(issued.Begins),
		NotAfter: cmp.Or(instant(issued.Ends), instant(known.NotAfter)), Hosts: known.DNSNames,
		Serving: unique(h.serving[p.Cert.Name]), Trouble: h.trouble[p.Cert.Name],
		Services: unique(slices.Concat(h.services[p.Cert.ID], h.services[p.Key.ID])),
	}
	if p.Key != p.Cert {
		v.Key = p.Key.Name
	}
	return v
}

// instant is nil for no time.
func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// unique is sorted, and has each once.
func unique(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return slices.Compact(names)
}

// pickCertificate finds one by its name; the names of objects also as people type
// them, and in the namespace of -n.
func (c *client) pickCertificate(held []heldCertificate, name string) (heldCertificate, error) {
	name = strings.TrimPrefix(name, certificateKind.singular+"/")
	key := v1alpha1.ObjectMeta{Namespace: c.namespace, Name: name}.Key()
	route := routeRef(strings.TrimPrefix(key, "route/"))
	if rest, ok := strings.CutPrefix(name, "route/"); ok && c.namespace != "" {
		route = routeRef(v1alpha1.ObjectMeta{Namespace: c.namespace, Name: rest}.Key())
	}
	for _, wanted := range []string{key, name, route} {
		for _, h := range held {
			if h.Name == wanted || h.label == wanted && wanted != "" {
				return h, nil
			}
		}
	}
	return heldCertificate{}, no("%s: there is no such certificate; fairlead certificate list has all", name)
}
