package plan

import (
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// mirrorsOf are the mirrors among Filters.
func mirrorsOf(filters []v1alpha1.Filter) []*v1alpha1.RequestMirror {
	var out []*v1alpha1.RequestMirror
	for i := range filters {
		if m := filters[i].RequestMirror; m != nil {
			out = append(out, m)
		}
	}
	return out
}

// mirror notes mirrors of the last of rules.
func (rt *route) mirror(m []*v1alpha1.RequestMirror) {
	if rt.mirrors == nil {
		rt.mirrors = map[int][]*v1alpha1.RequestMirror{}
	}
	rt.mirrors[len(rt.rules)-1] = m
}

// mirrors resolves mirrors. Their Endpoints make no Route Ready.
func (r *resolver) mirrors(rt *route, named []*v1alpha1.RequestMirror) []snapshot.Mirror {
	var out []snapshot.Mirror
	for _, m := range named {
		mirror := snapshot.Mirror{Percent: 100}
		if i := r.refer(rt, &m.Backend); i >= 0 {
			mirror.Backend = r.backends[i].ID
		}
		if m.Percent != nil {
			mirror.Percent = *m.Percent
		}
		out = append(out, mirror)
	}
	return out
}

// setMirrors is setBackends for the mirrors of rule i of rt.
func (r *resolver) setMirrors(rt *route, i int, mirrors []snapshot.Mirror) {
	has := rt.rules[i].Mirrors
	if slices.Equal(has, mirrors) {
		return
	}
	if has != nil {
		rt.rules = slices.Clone(rt.rules)
	}
	rt.rules[i].Mirrors = mirrors
}
