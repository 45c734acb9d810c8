package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/labels"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// object is a stored Route, decoded.
type object struct {
	store.Record
	// Route is nil where the manifest does not decode; Problems say why.
	Route    *v1alpha1.Route
	Problems []v1alpha1.Problem
	// decoded is what a Plan is made of.
	decoded plan.Object
}

func newObject(r store.Record) object {
	o := labels.Decode(&r)
	return object{Record: r, Route: o.Route, Problems: o.Problems, decoded: o}
}

// ref is how people name it: "route/namespace/name".
func (o object) ref() string { return refOf(o.Key()) }

func refOf(key string) string { return "route/" + key }

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
	if o.Route == nil {
		return nil
	}
	return o.Route.Spec.Hosts
}

// list returns all Routes, sorted by key, of the namespace that was asked for.
func (c *client) list(ctx context.Context, cluster Cluster) ([]object, error) {
	all, err := listAll(ctx, cluster)
	return slices.DeleteFunc(all, func(o object) bool { return c.namespace != "" && o.Namespace != c.namespace }), err
}

func listAll(ctx context.Context, cluster Cluster) ([]object, error) {
	objects, err := listRaw(ctx, cluster)
	for i := range objects {
		objects[i] = newObject(objects[i].Record)
	}
	return objects, err
}

// listRaw is listAll for those who need no decoded Route: with ten thousand of
// them decoding takes a second.
func listRaw(ctx context.Context, cluster Cluster) ([]object, error) {
	records, err := cluster.Store.List(ctx)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	var objects []object
	for _, r := range records {
		if r.Kind == v1alpha1.KindRoute {
			objects = append(objects, object{Record: r})
		}
	}
	slices.SortFunc(objects, func(a, b object) int { return strings.Compare(a.Key(), b.Key()) })
	return objects, nil
}

// unreachable says what to do about a cluster that does not answer.
func unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return err
	}
	return fmt.Errorf("%w; --host and --context choose another Docker API", err)
}

// trimKind takes the kind off what people call a Route.
func trimKind(name string) string {
	for _, kind := range []string{"route/", "routes/", "Route/"} {
		if rest, ok := strings.CutPrefix(name, kind); ok {
			return rest
		}
	}
	return name
}

// isKind says whether word is a name of the kind, as in "get routes".
func isKind(word string) bool { return slices.Contains([]string{"route", "routes", "Route"}, word) }

// names takes a leading kind off: "get routes demo" and "get demo" are the same.
func names(args []string) []string {
	if len(args) > 0 && isKind(args[0]) {
		return args[1:]
	}
	return args
}

// find returns the object that name means: its key; or its name alone, where
// -n says the namespace or only one object has that name.
func (c *client) find(objects []object, name string) (object, error) {
	name = trimKind(name)
	var matching []object
	for _, o := range objects {
		if o.Key() == name {
			return o, nil
		}
		if o.Name == name {
			matching = append(matching, o)
		}
	}
	switch len(matching) {
	case 0:
		return object{}, c.notFound(objects, name)
	case 1:
		return matching[0], nil
	}
	keys := make([]string, len(matching))
	for i, o := range matching {
		keys[i] = o.Key()
	}
	return object{}, no("%s: which one of %s?", refOf(name), strings.Join(keys, ", "))
}

func (c *client) notFound(objects []object, name string) error {
	switch {
	case c.namespace != "":
		return no("%s: there is no such Route in namespace %s", refOf(name), c.namespace)
	case len(objects) == 0:
		return no("%s: there is no such Route, and no other either", refOf(name))
	}
	return no("%s: there is no such Route; fairlead get routes lists all", refOf(name))
}

// pick returns the objects that names mean, all where there are none.
func (c *client) pick(ctx context.Context, cluster Cluster, names []string) ([]object, error) {
	objects, err := c.list(ctx, cluster)
	if err != nil || len(names) == 0 {
		return objects, err
	}
	picked := make([]object, len(names))
	for i, name := range names {
		if picked[i], err = c.find(objects, name); err != nil {
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

func (o object) planObject() plan.Object {
	p := o.decoded
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
			p := o.planObject()
			return &p, nil
		}
	}
	return nil, err
}

// newestFirst is the history of r's object.
func newestFirst(ctx context.Context, cluster Cluster, r store.Record) ([]store.Record, error) {
	history, err := cluster.Store.History(ctx, r.Kind, r.Key())
	if err != nil {
		return nil, fmt.Errorf("read the history of %s: %w", refOf(r.Key()), err)
	}
	history = slices.Clone(history)
	slices.SortFunc(history, func(a, b store.Record) int { return int(b.Generation - a.Generation) })
	return history, nil
}
