// Package interlock reads the labels of Interlock, which has two generations:
// com.docker.lb.* of Interlock 2 and 3 (Docker EE, UCP, MKE), which package
// reconcile/interlock knows, and interlock.* of Interlock 1, which are first
// written as those of the later ones.
package interlock

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/reconcile/interlock"
)

// Name is the dialect's.
const Name = "interlock"

// Claims says whether a label is one of Interlock 2 or 3.
func Claims(label string) bool {
	return strings.HasPrefix(strings.ToLower(label), interlock.Prefix)
}

// Translate reads the labels of all services.
func Translate(services []*labels.Service) labels.Result {
	var result labels.Result
	for _, s := range services {
		result.Add(translate(s))
	}
	return result
}

func translate(s *labels.Service) labels.Result {
	if !interlock.Claims(s.Labels) {
		return misplaced(s)
	}
	r := interlock.Translate(interlock.Service{Name: s.Name, Namespace: s.Namespace, Labels: s.Labels, Networks: s.Networks})
	set := labels.NewSet(s, Name, func(label string) bool {
		return Claims(label) || slices.ContainsFunc(r.Problems, func(p interlock.Problem) bool { return p.Label == label })
	})
	report(set, r, func(label string) []string { return []string{label} })
	return labels.Result{Routes: routes(s, r), Entries: set.Entries()}
}

// misplaced are labels where Interlock does not look.
func misplaced(s *labels.Service) labels.Result {
	set := labels.NewSet(s, Name, Claims)
	if set == nil {
		return labels.Result{}
	}
	for _, label := range set.Names() {
		set.Lost(label, "stands where Interlock never looked: put it under deploy.labels")
	}
	return labels.Result{Entries: set.Entries()}
}

func routes(s *labels.Service, r interlock.Result) []labels.Route {
	var all []labels.Route
	for _, route := range r.Routes {
		all = append(all, labels.Route{Service: s, Route: route, Shared: true})
	}
	return all
}

// report says of each label what became of it; of gives the labels of the set
// that one of Interlock's stands for.
func report(set *labels.Set, r interlock.Result, of func(string) []string) {
	for _, f := range r.Fields {
		for _, label := range of(f.Label) {
			reportField(set, r, f, label)
		}
	}
	for _, p := range r.Problems {
		for _, label := range of(p.Label) {
			set.Lost(label, "%s", p.Message)
		}
	}
}

func reportField(set *labels.Set, r interlock.Result, f interlock.Field, label string) {
	var words []string
	for _, n := range r.Notes {
		if n.Label == f.Label {
			words = append(words, n.Message)
		}
	}
	why := strings.Join(words, "; ")
	switch {
	case len(r.Routes) == 0:
		set.Lost(label, "no Route is made: %s", fatal(r))
	case f.Path == "" && why == "":
		set.Needless(label, "is how it is without the label")
	case f.Path == "":
		set.Needless(label, "%s", why)
	case why == "":
		set.Became(label, field(r, f))
	default:
		set.Adapted(label, field(r, f), "%s", why)
	}
}

// field is the path in the Route that it stands in: redirects have their own.
func field(r interlock.Result, f interlock.Field) string {
	in := r.Routes[0].Metadata
	for _, route := range r.Routes {
		if f.Label == interlock.Prefix+"redirects" && strings.Contains(route.Metadata.Name, "-redirects") {
			in = route.Metadata
			break
		}
	}
	return "route/" + in.Key() + " " + f.Path
}

func fatal(r interlock.Result) string {
	var all []string
	for _, p := range r.Problems {
		if p.Fatal {
			all = append(all, p.String())
		}
	}
	return strings.Join(all, "; ")
}
