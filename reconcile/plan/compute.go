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

// route is a Route on its way through the steps. Each step fills its own part.
type route struct {
	object *Object
	// spec is what is served: the Route's, or that of the last good generation.
	spec       *v1alpha1.RouteSpec
	namespace  string
	generation int64

	// What translate makes: named are the Backends of each of rules, which
	// resolve fills in.
	hosts     []string
	rules     []snapshot.Rule
	named     [][]*v1alpha1.Backend
	mirrors   map[int][]*v1alpha1.RequestMirror // of each of rules that has some
	redirects bool                              // at least one Rule answers by itself

	// made is what the Snapshot has of it.
	made *snapshot.Route

	// What resolve makes.
	check        *snapshot.HealthCheck
	certificates []string
	backends     []int // indices into resolver.backends, of all Rules, each once

	*exceptions
}

// exceptions are what few Routes have, of which there may be ten thousand. The
// others share one without anything; who writes asks for except first.
type exceptions struct {
	// refused says why nothing of the Route is served; its zero value: some is.
	refused finding
	// dropped are Rules that are not served, while others are.
	dropped   []finding
	conflicts []finding
	// What joinLabels makes: joints are what the Route serves together with
	// younger ones, shared says so in it and in them.
	joints []joint
	shared []string
	// What resolve makes: earlier are IDs of Certificates, and secured those that
	// Backends need; "" is none.
	earlier    []string
	secured    []string
	clientAuth *snapshot.ClientAuth
	unresolved []finding
}

var noExceptions exceptions

// except returns the Route's own exceptions, to be written.
func (rt *route) except() *exceptions {
	if rt.exceptions == &noExceptions {
		rt.exceptions = &exceptions{}
	}
	return rt.exceptions
}

// finding is a Reason with its message.
type finding struct{ reason, message string }

// stands says whether rt, which was made of the object last, is what would be
// made of now. What it lost in a conflict it may get back, so then it is not.
func (rt *route) stands(last, now *Object) bool {
	if rt.conflicts != nil || rt.shared != nil {
		return false
	}
	return last == now || now.Route != nil && last.Route == now.Route && last.Key == now.Key &&
		last.Generation == now.Generation && last.FromLabels == now.FromLabels && slices.Equal(last.Problems, now.Problems)
}

// again forgets what the steps after translate made.
func (rt *route) again(o *Object) {
	rt.object = o
	rt.certificates, rt.backends = nil, nil
	if rt.exceptions != &noExceptions {
		rt.earlier, rt.secured, rt.clientAuth, rt.unresolved = nil, nil, nil, nil
	}
}

func (rt *route) begin(o *Object) {
	rt.object, rt.exceptions = o, &noExceptions
	served := o
	if o.Route == nil && o.LastGood != nil && o.LastGood.Route != nil {
		served = o.LastGood
	}
	if served.Route == nil {
		rt.except().refused = refusal(o.Problems)
		return
	}
	rt.spec = &served.Route.Spec
	rt.namespace = served.Route.Metadata.Namespace
	rt.generation = served.Generation
	if whole := problemsOf(served.Problems, -1); len(whole) > 0 {
		rt.except().refused = refusal(whole)
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

// byPrecedence sorts Routes that were made of labels last, then the oldest
// first, then by key.
func byPrecedence(a, b *route) int {
	if a.object.FromLabels != b.object.FromLabels {
		if a.object.FromLabels {
			return 1
		}
		return -1
	}
	return cmp.Or(a.object.Created.Compare(b.object.Created), strings.Compare(a.object.Key, b.object.Key))
}

// served says whether anything of the Route is.
func (rt *route) served() bool { return rt.refused.reason == "" }

// makeSnapshot takes over the Routes of the Snapshot before that are the same.
func makeSnapshot(routes []*route, r *resolver) *snapshot.Snapshot {
	s := snapshot.Snapshot{Routes: make([]*snapshot.Route, 0, len(routes))}
	for _, rt := range routes {
		if !rt.served() {
			continue
		}
		for i := range rt.joints {
			s.Routes = append(s.Routes, rt.joints[i].snapshot(r))
		}
		if len(rt.hosts) == 0 {
			continue
		}
		if !rt.isMade() {
			rt.made = rt.snapshot()
			rt.made.Digest = rt.made.Sum()
		}
		s.Routes = append(s.Routes, rt.made)
	}
	s.Backends = r.sortedBackends()
	s.Certificates = r.sortedCertificates()
	s.SessionKeys = r.sessionKeys()
	return s.Seal()
}

// isMade says whether what rt was made into last is what it would be made into
// now.
func (rt *route) isMade() bool {
	m := rt.made
	return m != nil && slices.Equal(m.Certificates, rt.certificates) && slices.Equal(m.Earlier, rt.earlier) && isSameClientAuth(m.ClientAuth, rt.clientAuth) &&
		isSameSlice(m.Hosts, rt.hosts) && isSameSlice(m.Rules, rt.rules)
}

func isSameClientAuth(a, b *snapshot.ClientAuth) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Required == b.Required && slices.Equal(a.Authorities, b.Authorities) && slices.Equal(a.Revocations, b.Revocations)
}

func isSameSlice[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (rt *route) snapshot() *snapshot.Route {
	out := &snapshot.Route{
		Key:          rt.object.Key,
		Generation:   rt.generation,
		Hosts:        rt.hosts,
		Certificates: rt.certificates,
		Earlier:      rt.earlier,
		Rules:        rt.rules,
		InfoHeaders:  rt.spec.InfoHeaders && !isPassthrough(rt),
		FromLabels:   rt.object.FromLabels,
		Access:       access(rt.spec.Access),
	}
	if lb := rt.spec.LoadBalancing; lb != nil {
		out.LoadBalancing, out.Hash = lb.Type, hashKey(lb)
	}
	if tls := rt.spec.TLS; tls != nil {
		out.TLS = snapshot.TLSMode(tls.Mode)
		out.MinVersion = tls.MinVersion
		out.Accepts, out.HSTS = accepts(tls), hsts(tls.HSTS)
		out.ClientAuth = rt.clientAuth
		out.InClear = tls.Redirect != nil && !*tls.Redirect
	}
	return out
}
