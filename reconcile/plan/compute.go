package plan

import (
	"cmp"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// Compute makes the Plan for in. See the package comment for its steps.
func Compute(in Input) Plan { return Decide(in).Plan(in.Reports) }

// Decision is the first half of a Plan: what to serve. It does not depend on
// what the data planes say, so that they can serve it before the rest is made.
type Decision struct {
	Snapshot *snapshot.Snapshot

	in       Input
	world    *index
	routes   []*route
	resolver *resolver
}

// Decide makes the Decision for in, whose Reports it does not look at.
func Decide(in Input) *Decision {
	world := indexWorld(&in.World)
	room := make([]route, len(in.Objects))
	routes := make([]*route, len(in.Objects))
	for i := range in.Objects {
		routes[i] = &room[i]
		routes[i].begin(&in.Objects[i])
	}
	slices.SortFunc(routes, byPrecedence)

	t := &translator{}
	for _, rt := range routes {
		t.translate(rt)
	}
	findConflicts(routes)
	r := newResolver(world, len(routes))
	for _, rt := range routes {
		r.resolve(rt)
	}
	return &Decision{Snapshot: makeSnapshot(routes, r), in: in, world: world, routes: routes, resolver: r}
}

// Plan makes the Plan that follows from the Decision and what the data planes
// say now. It uses the Decision up: call it once.
func (d *Decision) Plan(reports []snapshot.Report) Plan {
	d.in.Reports = reports
	p := Plan{Snapshot: d.Snapshot}
	actions, pending := planTenders(&d.in, d.world, d.resolver)
	p.Actions = actions
	p.Moving = pending || d.resolver.updating || d.in.World.Moving
	p.Statuses = makeStatuses(&d.in, d.routes, d.resolver, d.Snapshot)
	return p
}

// route is a Route on its way through the steps. Each step fills its own part.
type route struct {
	object *Object
	// spec is what is served: the Route's, or that of the last good generation.
	spec       *v1alpha1.RouteSpec
	namespace  string
	generation int64
	// refused says why nothing of the Route is served; its zero value: some is.
	refused finding
	// dropped are Rules that are not served, while others are.
	dropped []finding

	// What translate makes: named are the Backends of each of rules, which
	// resolve fills in.
	hosts     []string
	rules     []snapshot.Rule
	named     [][]*v1alpha1.Backend
	redirects bool // at least one Rule answers by itself

	conflicts []finding

	// What resolve makes.
	certificates []string
	unresolved   []finding
	backends     []int // indices into resolver.backends, of all Rules, each once
}

// finding is a Reason with its message.
type finding struct{ reason, message string }

func (rt *route) begin(o *Object) {
	rt.object = o
	served := o
	if o.Route == nil && o.LastGood != nil && o.LastGood.Route != nil {
		served = o.LastGood
	}
	if served.Route == nil {
		rt.refused = refusal(o.Problems)
		return
	}
	rt.spec = &served.Route.Spec
	rt.namespace = served.Route.Metadata.Namespace
	rt.generation = served.Generation
	if whole := problemsOf(served.Problems, -1); len(whole) > 0 {
		rt.refused = refusal(whole)
	}
}

// refusal is the first problem's Reason with the messages of all.
func refusal(problems []v1alpha1.Problem) finding {
	if len(problems) == 0 {
		return finding{v1alpha1.ReasonInvalid, "the manifest does not decode"}
	}
	messages := make([]string, len(problems))
	for i, p := range problems {
		messages[i] = p.String()
	}
	return finding{cmp.Or(problems[0].Reason, v1alpha1.ReasonInvalid), strings.Join(messages, "; ")}
}

func problemsOf(problems []v1alpha1.Problem, rule int) []v1alpha1.Problem {
	var of []v1alpha1.Problem
	for _, p := range problems {
		if p.Rule == rule {
			of = append(of, p)
		}
	}
	return of
}

// byPrecedence sorts the oldest Route first, then by key.
func byPrecedence(a, b *route) int {
	return cmp.Or(a.object.Created.Compare(b.object.Created), strings.Compare(a.object.Key, b.object.Key))
}

// served says whether anything of the Route is.
func (rt *route) served() bool { return rt.refused.reason == "" }

func makeSnapshot(routes []*route, r *resolver) *snapshot.Snapshot {
	s := snapshot.Snapshot{Routes: make([]snapshot.Route, 0, len(routes))}
	for _, rt := range routes {
		if rt.served() {
			s.Routes = append(s.Routes, rt.snapshot())
		}
	}
	s.Backends = r.sortedBackends()
	s.Certificates = r.sortedCertificates()
	return s.Seal()
}

func (rt *route) snapshot() snapshot.Route {
	out := snapshot.Route{
		Key:          rt.object.Key,
		Generation:   rt.generation,
		Hosts:        rt.hosts,
		Certificates: rt.certificates,
		Rules:        rt.rules,
		InfoHeaders:  rt.spec.InfoHeaders && !isPassthrough(rt),
		FromLabels:   rt.object.FromLabels,
	}
	if lb := rt.spec.LoadBalancing; lb != nil {
		out.LoadBalancing = lb.Type
	}
	if tls := rt.spec.TLS; tls != nil {
		out.TLS = snapshot.TLSMode(tls.Mode)
		out.MinVersion = tls.MinVersion
		out.InClear = tls.Redirect != nil && !*tls.Redirect
	}
	return out
}
