package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/labels"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// object is a stored one, decoded.
type object struct {
	store.Record
	kind *kind
	// Route, Issuer or Certificate is nil where the object is of another kind, and
	// where the manifest does not decode; then Problems say why.
	Route       *v1alpha1.Route
	Issuer      *v1alpha1.Issuer
	Certificate *v1alpha1.Certificate
	Problems    []v1alpha1.Problem
	// decoded is what a Plan is made of a Route.
	decoded plan.Object
	// routes are the keys of the Routes that name an Issuer or a Certificate, and
	// certificates those of the Certificates that name an Issuer.
	routes, certificates []string
}

// newObject decodes a Record of a kind that is known.
func newObject(r store.Record) object {
	o := object{Record: r, kind: kindNamed(r.Kind)}
	o.kind.decode(&o)
	return o
}

// ref is how people name it: "route/namespace/name".
func (o object) ref() string { return refOf(o.Kind, o.Key()) }

func (o object) typeMeta() v1alpha1.TypeMeta {
	return v1alpha1.TypeMeta{APIVersion: v1alpha1.GroupVersion, Kind: o.Kind}
}

// stamp puts into m what Fairlead wrote.
func (o object) stamp(m *v1alpha1.ObjectMeta) {
	m.Generation = o.Generation
	if !o.Created.IsZero() {
		created := o.Created.UTC()
		m.CreationTimestamp = &created
	}
}

// origin is what the object was made from, where no person applied it.
func (o object) origin() string {
	if o.Origin == labels.Origin {
		return o.AppliedBy // the service
	}
	return o.Origin
}

// verdict is "Ready" or the Reason why not, and a message.
func (o object) verdict() (reason, message string) { return o.Status.Verdict(o.Generation) }

func (o object) hosts() []string {
	switch {
	case o.Route != nil:
		return o.Route.Spec.Hosts
	case o.Certificate != nil:
		return o.Certificate.Spec.DNSNames
	}
	return nil
}

// list returns all objects, sorted by kind and key, of the namespace that was
// asked for.
func (c *client) list(ctx context.Context, cluster Cluster) ([]object, error) {
	all, err := listAll(ctx, cluster)
	return slices.DeleteFunc(all, func(o object) bool { return c.namespace != "" && o.Namespace != c.namespace }), err
}

func listAll(ctx context.Context, cluster Cluster) ([]object, error) {
	objects, err := listRaw(ctx, cluster)
	for i := range objects {
		objects[i] = newObject(objects[i].Record)
	}
	noteIssuers(objects)
	noteCertificates(objects)
	return objects, err
}

// listRaw is listAll for those who need nothing decoded: with ten thousand
// objects that takes a second.
func listRaw(ctx context.Context, cluster Cluster) ([]object, error) {
	records, err := cluster.Store.List(ctx)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	var objects []object
	for _, r := range records {
		if k := kindNamed(r.Kind); k != nil && k.name == r.Kind {
			objects = append(objects, object{Record: *r, kind: k})
		}
	}
	slices.SortFunc(objects, func(a, b object) int {
		return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Key(), b.Key()))
	})
	return objects, nil
}

// unreachable says what to do about a cluster that does not answer.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w; --host and --context choose another Docker API", err)
}

// find returns the object that w means: its key; or its name alone, where -n
// says the namespace or only one object of the kind has that name.
func (c *client) find(objects []object, w wanted) (object, error) {
	var matching []object
	for _, o := range objects {
		switch {
		case o.kind != w.kind:
		case o.Key() == w.name:
			return o, nil
		case o.Name == w.name:
			matching = append(matching, o)
		}
	}
	switch len(matching) {
	case 0:
		return object{}, c.notFound(objects, w)
	case 1:
		return matching[0], nil
	}
	keys := make([]string, len(matching))
	for i, o := range matching {
		keys[i] = o.Key()
	}
	return object{}, no("%s: which one of %s?", w.ref(), strings.Join(keys, ", "))
}

func (c *client) notFound(objects []object, w wanted) error {
	switch {
	case c.namespace != "":
		return no("%s: there is no such %s in namespace %s", w.ref(), w.kind.name, c.namespace)
	case !slices.ContainsFunc(objects, func(o object) bool { return o.kind == w.kind }):
		return no("%s: there is no such %s, and no other either", w.ref(), w.kind.name)
	}
	return no("%s: there is no such %s; fairlead get %s lists all", w.ref(), w.kind.name, w.kind.plural)
}

// pick returns the objects that s means.
func (c *client) pick(ctx context.Context, cluster Cluster, s selection) ([]object, error) {
	objects, err := c.list(ctx, cluster)
	if err != nil {
		return nil, err
	}
	if len(s.names) == 0 {
		return slices.DeleteFunc(objects, func(o object) bool { return s.kind != nil && o.kind != s.kind }), nil
	}
	picked := make([]object, len(s.names))
	for i, w := range s.names {
		if picked[i], err = c.find(objects, w); err != nil {
			return nil, err
		}
	}
	return picked, nil
}

// input is what a Plan is made of, as the operator sees it, but for what the
// data planes report.
func (c *client) input(ctx context.Context, cluster Cluster, objects []object) (plan.Input, error) {
	in := plan.Input{Now: c.Now()}
	for _, o := range objects {
		switch o.kind {
		case issuerKind:
			in.Issuers = append(in.Issuers, o.planIssuer())
			continue
		case certificateKind:
			in.Certificates = append(in.Certificates, o.planCertificate())
			continue
		}
		p := o.planObject()
		if o.Route == nil {
			lastGood, err := lastGood(ctx, cluster, o.Record)
			if err != nil {
				return in, err
			}
			p.LastGood = lastGood
		}
		in.Objects = append(in.Objects, p)
	}
	if cluster.Swarm == nil {
		return in, nil
	}
	world, err := cluster.Swarm.World(ctx)
	if err != nil {
		return in, fmt.Errorf("look at the swarm: %w", err)
	}
	in.World, in.Tenders = world, &plan.TenderSpec{}
	return in, nil
}

func (o object) planIssuer() plan.IssuerObject {
	return plan.IssuerObject{Key: o.Key(), Generation: o.Generation, Issuer: o.Issuer, Problems: o.Problems, Status: o.Status}
}

func (o object) planCertificate() plan.CertificateObject {
	return plan.CertificateObject{Key: o.Key(), Generation: o.Generation, Certificate: o.Certificate, Problems: o.Problems, Status: o.Status}
}

func (o object) planObject() *plan.Object {
	p := &o.decoded
	p.Key, p.Generation, p.Created, p.Status = o.Key(), o.Generation, o.Created, o.Status
	p.Route, p.Problems = o.Route, o.Problems
	if o.Route != nil {
		p.Cluster = o.Route.Spec.ServiceCluster
	}
	return p
}

// lastGood is the newest generation of r's object that decodes, or nil.
func lastGood(ctx context.Context, cluster Cluster, r store.Record) (*plan.Object, error) {
	history, err := newestFirst(ctx, cluster, r)
	for _, old := range history {
		if o := newObject(old); o.Route != nil {
			return o.planObject(), nil
		}
	}
	return nil, err
}

// newestFirst is the history of r's object.
func newestFirst(ctx context.Context, cluster Cluster, r store.Record) ([]store.Record, error) {
	history, err := cluster.Store.History(ctx, r.Kind, r.Key())
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", refOf(r.Kind, r.Key()), err)
	}
	history = slices.Clone(history)
	slices.SortFunc(history, func(a, b store.Record) int { return int(b.Generation - a.Generation) })
	return history, nil
}
