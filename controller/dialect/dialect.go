// Package dialect reads the labels with which services told other products what
// to route, and says which Routes they mean: Interlock, the HTTP routing mesh,
// Traefik, caddy-docker-proxy, Docker Flow Proxy.
//
// Each product is a package below, which makes Routes of labels and an Entry of
// every label (package labels says how). Here they come together: services that
// share requests get one Route with weights, every Route gets a name of its own,
// and what would not be valid is taken out again, with the reason at its labels.
//
// Everything here is pure: services in, Routes and a report out, in an order that
// depends on nothing else.
package dialect

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy"
	"fairlead.dev/fairlead/controller/dialect/flow"
	"fairlead.dev/fairlead/controller/dialect/hrm"
	"fairlead.dev/fairlead/controller/dialect/interlock"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/traefik"
)

// All are the dialects.
func All() []labels.Dialect {
	return []labels.Dialect{
		{Name: interlock.Name, Claims: interlock.Claims, Translate: interlock.Translate},
		{Name: interlock.FirstName, Claims: interlock.ClaimsFirst, Translate: interlock.TranslateFirst},
		{Name: hrm.Name, Claims: hrm.Claims, Translate: hrm.Translate},
		{Name: traefik.Name, Claims: traefik.Claims, Translate: traefik.Translate},
		{Name: caddy.Name, Claims: caddy.Claims, Translate: caddy.Translate},
		{Name: flow.Name, Claims: flow.Claims, Translate: flow.Translate},
	}
}

// Names are those of the dialects.
func Names() []string {
	var names []string
	for _, d := range All() {
		names = append(names, d.Name)
	}
	return names
}

// Result is what the labels mean.
type Result struct {
	labels.Result
	// Later are the fields that this version does not serve yet, each with its
	// Route.
	Later []string
}

// Translate reads the labels of services in the dialects with these names, all
// where there are none.
func Translate(services []*labels.Service, names ...string) Result {
	var all labels.Result
	for _, d := range All() {
		if len(names) == 0 || slices.Contains(names, d.Name) {
			all.Add(d.Translate(services))
			all.Add(overlooked(d, services))
		}
	}
	all.Sort()
	verify(&all)
	closeRedirects(&all)
	share(&all)
	nameApart(&all)
	r := Result{Result: all}
	r.check()
	r.Sort()
	return r
}

// overlooked are the labels of containers whose service has labels of the same
// dialect: products look at one place.
func overlooked(d labels.Dialect, services []*labels.Service) labels.Result {
	var r labels.Result
	for _, s := range services {
		set := labels.NewSet(&labels.Service{Name: s.Name, Labels: s.Labels}, d.Name, d.Claims)
		rest := labels.NewSet(&labels.Service{Name: s.Name, Labels: s.Container}, d.Name, d.Claims)
		if set == nil || rest == nil {
			continue
		}
		for _, label := range rest.Names() {
			rest.Lost(label, "is a label of the containers, and the service has some of its own (deploy.labels), which count: put it there")
		}
		for _, e := range rest.Entries() {
			if _, both := set.Value(e.Label); !both {
				r.Entries = append(r.Entries, e)
			}
		}
	}
	return r
}

// check takes out what is not valid, and notes what is not served yet.
func (r *Result) check() {
	r.Routes = slices.DeleteFunc(r.Routes, func(route labels.Route) bool {
		var wrong []string
		for _, p := range v1alpha1.Validate(labels.Defaulted(&route.Route)) {
			if p.Reason == v1alpha1.ReasonUnsupportedValue {
				r.Later = append(r.Later, "route/"+route.Metadata.Key()+": "+p.String())
				continue
			}
			wrong = append(wrong, p.String())
		}
		if len(wrong) > 0 {
			r.lose(&route, strings.Join(wrong, "; "))
		}
		return len(wrong) > 0
	})
	for i := range r.Routes {
		labels.Tidy(&r.Routes[i].Route)
	}
}

// lose says at the labels of a Route that it would not be valid.
func (r *Result) lose(route *labels.Route, why string) {
	for i := range r.Entries {
		e := &r.Entries[i]
		if e.Service == route.Service.Name && strings.Contains(e.Field, "route/"+route.Metadata.Key()+" ") {
			e.Outcome, e.Field = labels.Lost, ""
			e.Why = strings.TrimPrefix(e.Why+"; the Route would not be valid: "+why, "; ")
		}
	}
}
