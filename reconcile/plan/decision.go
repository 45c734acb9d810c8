package plan

import (
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// Decision is the first half of a Plan: what to serve. It does not depend on
// what the data planes say, so that they can serve it before the rest is made.
type Decision struct {
	Snapshot *snapshot.Snapshot

	in       Input
	world    *index
	objects  []*route // one for each of in.Objects
	routes   []*route // in precedence order
	resolver *resolver
}

// Decide makes the Decision for in, whose Reports it does not look at.
func Decide(in Input) *Decision { return (*Decision)(nil).Next(in) }

// Next is Decide for one who has the Decision before, which it uses up: what
// stands as it stood is not translated again, and keeps its memory.
func (d *Decision) Next(in Input) *Decision {
	in.Objects = ofCluster(in.Objects, in.Cluster)
	next := &Decision{in: in, world: indexWorld(&in), objects: d.keep(in.Objects)}
	begin(in.Objects, next.objects)
	next.routes = slices.Clone(next.objects)
	slices.SortFunc(next.routes, byPrecedence)
	findConflicts(next.routes)
	joinLabels(next.routes)
	next.resolver = newResolver(next.world, len(next.routes))
	for _, rt := range next.routes {
		next.resolver.resolve(rt)
	}
	next.resolver.ask(in.Certificates)
	next.Snapshot = makeSnapshot(next.routes, next.resolver)
	return next
}

// ofCluster are the objects that a service cluster serves; mostly all of them.
func ofCluster(objects []*Object, cluster string) []*Object {
	isOther := func(o *Object) bool { return o.Cluster != cluster }
	if !slices.ContainsFunc(objects, isOther) {
		return objects
	}
	return slices.DeleteFunc(slices.Clone(objects), isOther)
}

// keep returns the routes of d for the objects that are the same, nil for the
// others. It finds them all where both lists are sorted by key, as they are.
func (d *Decision) keep(objects []*Object) []*route {
	kept := make([]*route, len(objects))
	if d == nil {
		return kept
	}
	at := 0
	for i := range objects {
		for at < len(d.objects) && d.in.Objects[at] != objects[i] && d.in.Objects[at].Key < objects[i].Key {
			at++
		}
		if at < len(d.objects) && d.objects[at].stands(d.in.Objects[at], objects[i]) {
			kept[i] = d.objects[at]
			at++
		}
	}
	return kept
}

// begin puts the routes of objects where there is none, translated, and makes
// those that are there ready for the other steps.
func begin(objects []*Object, routes []*route) {
	missing := 0
	for _, rt := range routes {
		if rt == nil {
			missing++
		}
	}
	room, t := make([]route, missing), &translator{}
	for i := range objects {
		if routes[i] != nil {
			routes[i].again(objects[i])
			continue
		}
		routes[i], room = &room[0], room[1:]
		routes[i].begin(objects[i])
		t.translate(routes[i])
	}
}

// Plan makes the Plan that follows from the Decision and what the data planes
// say now. Call it once.
func (d *Decision) Plan(reports []snapshot.Report) Plan {
	d.in.Reports = reports
	p := Plan{Snapshot: d.Snapshot}
	actions, pending := planTenders(&d.in, d.world, d.resolver)
	issued, due := issueCertificates(&d.in, d.resolver)
	p.Wanted = d.resolver.wanted()
	actions = slices.Concat(issued, actions, pruneCertificates(&d.in, d.resolver))
	p.Due = due
	p.Actions = append(firstSessionKey(d.resolver, d.Snapshot), actions...)
	p.Moving = pending || d.resolver.updating || d.in.World.Moving
	p.Statuses = append(makeStatuses(&d.in, d.routes, d.resolver, d.Snapshot), issuerStatuses(&d.in, d.world)...)
	p.Statuses = append(p.Statuses, certificateStatuses(&d.in, d.resolver)...)
	d.in.World, d.world, d.routes, d.resolver = World{}, nil, nil, nil // what Next does not need
	return p
}
