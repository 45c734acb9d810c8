package dialect

import (
	"encoding/json"
	"fmt"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// share makes one Route of those that are equal but for their services, as in a
// canary: two services with the labels of one host shared its requests, in
// proportion to their tasks.
func share(r *labels.Result) {
	first := map[string]int{}
	var kept []labels.Route
	for _, route := range r.Routes {
		key, ok := shareKey(&route)
		at, there := first[key]
		switch {
		case !ok:
			kept = append(kept, route)
		case !there:
			first[key] = len(kept)
			kept = append(kept, route)
		default:
			join(&kept[at], &route)
			rename(r, &route, kept[at].Metadata.Key())
			note(r, &route, kept[at].Service.Name)
			note(r, &kept[at], route.Service.Name)
		}
	}
	r.Routes = kept
}

// shareKey is equal for Routes that may be one.
func shareKey(route *labels.Route) (string, bool) {
	spec := route.Spec
	switch {
	case !route.Shared:
		return "", false
	case spec.Backend != nil:
		spec.Backend = nil
	case len(spec.Rules) == 1:
		rule := spec.Rules[0]
		rule.Backends = nil
		spec.Rules = []v1alpha1.Rule{rule}
	default:
		return "", false
	}
	data, err := json.Marshal(spec)
	return route.Metadata.Namespace + " " + string(data), err == nil
}

// join adds the Backend of other, if there is one, to route.
func join(route, other *labels.Route) {
	route.Open = append(route.Open, other.Open...)
	if route.Spec.Backend != nil {
		route.Spec.Rules = []v1alpha1.Rule{{Backends: []v1alpha1.Backend{*route.Spec.Backend}}}
		route.Spec.Backend = nil
	}
	more := backendsOf(other)
	if len(more) == 0 {
		return // both only redirect
	}
	backends := &route.Spec.Rules[0].Backends
	if len(*backends) == 1 {
		weigh(&(*backends)[0], route.Service)
	}
	weigh(&more[0], other.Service)
	*backends = append(*backends, more[0])
}

func backendsOf(route *labels.Route) []v1alpha1.Backend {
	if route.Spec.Backend != nil {
		return []v1alpha1.Backend{*route.Spec.Backend}
	}
	return route.Spec.Rules[0].Backends
}

// weigh gives a Backend the number of its service's tasks for a weight.
func weigh(b *v1alpha1.Backend, s *labels.Service) {
	weight := max(1, s.Replicas)
	b.Weight = &weight
}

// rename writes another Route into the fields of the labels that it came from.
func rename(r *labels.Result, route *labels.Route, key string) {
	for i := range r.Entries {
		if e := &r.Entries[i]; e.Service == route.Service.Name {
			e.Field = strings.ReplaceAll(e.Field, "route/"+route.Metadata.Key()+" ", "route/"+key+" ")
		}
	}
}

// note says at the first label that stands in hosts who shares the requests.
func note(r *labels.Result, route *labels.Route, other string) {
	words := fmt.Sprintf("%s serves the same: both are backends of one Route, with the numbers of their tasks as weights", other)
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Service != route.Service.Name || !strings.Contains(e.Field, "spec") || e.Outcome == labels.Lost {
			continue
		}
		if e.Outcome = labels.Adapted; !strings.Contains(e.Why, words) {
			e.Why = strings.TrimPrefix(e.Why+"; "+words, "; ")
		}
		return
	}
}

// nameApart gives every Route a name of its own: later ones get a number.
func nameApart(r *labels.Result) {
	taken := map[string]bool{}
	for i := range r.Routes {
		route := &r.Routes[i]
		meta := route.Metadata
		for n := 2; taken[meta.Key()]; n++ {
			meta.Name = labels.RouteName(fmt.Sprintf("%s-%d", route.Metadata.Name, n))
		}
		taken[meta.Key()] = true
		if meta.Name != route.Metadata.Name {
			rename(r, route, meta.Key())
			route.Metadata = meta
		}
	}
}
