// Package labels keeps the Routes that services ask for by their com.docker.lb.*
// labels as objects of the store, like any other: each service has its own, which
// follow it and go with it. What the labels mean is package interlock's; here is
// how a Route says where it came from, and what there is to say about the labels:
// in annotations, so that a Condition can tell it.
package labels

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/interlock"
	"fairlead.dev/fairlead/reconcile/plan"
)

// Origin is that of objects that were made of labels.
const Origin = "labels"

// Annotations of such a Route.
const (
	// AnnotationService is the name of the service whose labels it was made of.
	AnnotationService = "fairlead.dev/service"
	// annotationRemarks are remarks, in JSON.
	annotationRemarks = "fairlead.dev/labels"
)

// labelStack is the label by which docker stack deploy marks what is a stack's.
const labelStack = "com.docker.stack.namespace"

// remarks are what there is to say about the labels of a service.
type remarks struct {
	// Fatal: no Route can be made of the labels.
	Fatal []remark `json:"fatal,omitempty"`
	// Ignored labels do not count.
	Ignored []remark `json:"ignored,omitempty"`
	Notes   []string `json:"notes,omitempty"`
}

type remark struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// Records are the objects that the services of w ask for, sorted as a store
// lists them. A service with labels has at least one, which says what is wrong
// where nothing can be served.
func Records(w *plan.World) ([]*store.Record, error) {
	networks := make(map[string]*plan.Network, len(w.Networks))
	for i := range w.Networks {
		networks[w.Networks[i].ID] = &w.Networks[i]
	}
	var records []*store.Record
	for i := range w.Services {
		s := &w.Services[i]
		if !interlock.Claims(s.Labels) {
			continue
		}
		own, err := recordsOf(s, networks)
		if err != nil {
			return nil, fmt.Errorf("labels of service %s: %w", s.Name, err)
		}
		records = append(records, own...)
	}
	slices.SortFunc(records, func(a, b *store.Record) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return records, nil
}

func recordsOf(s *plan.Service, networks map[string]*plan.Network) ([]*store.Record, error) {
	in := interlock.Service{Name: s.Name, Namespace: s.Labels[labelStack], Labels: s.Labels}
	for _, id := range s.Networks {
		if n := networks[id]; n != nil && !n.Ingress {
			in.Networks = append(in.Networks, n.Name)
		}
	}
	result := interlock.Translate(in)
	routes := result.Routes
	if len(routes) == 0 {
		routes = []v1alpha1.Route{{
			TypeMeta: v1alpha1.TypeMeta{APIVersion: v1alpha1.GroupVersion, Kind: v1alpha1.KindRoute},
			Metadata: v1alpha1.ObjectMeta{Name: in.RouteName(), Namespace: in.Namespace},
		}}
	}
	said, err := json.Marshal(remarksOf(&result))
	if err != nil {
		return nil, err
	}
	records := make([]*store.Record, len(routes))
	for i, r := range routes {
		r.Metadata.Annotations = map[string]string{AnnotationService: s.Name}
		if string(said) != "{}" {
			r.Metadata.Annotations[annotationRemarks] = string(said)
		}
		data, err := yaml.Marshal(r)
		if err != nil {
			return nil, err
		}
		records[i] = &store.Record{Kind: r.Kind, Namespace: r.Metadata.Namespace, Name: r.Metadata.Name, Data: data, Source: "service " + s.Name}
	}
	return records, nil
}

func remarksOf(r *interlock.Result) remarks {
	var all remarks
	for _, p := range r.Problems {
		said := remark{p.Reason, p.String()}
		if p.Fatal {
			all.Fatal = append(all.Fatal, said)
		} else {
			all.Ignored = append(all.Ignored, said)
		}
	}
	for _, n := range r.Notes {
		all.Notes = append(all.Notes, n.String())
	}
	return all
}

// Decode decodes a stored Route, whatever it was made of. The Route is nil where
// it does not decode, and where its labels made none; Problems say why.
func Decode(r *store.Record) *plan.Object {
	route, problems := source.DecodeRoute(r.Source, r.Data)
	if route != nil {
		route.Metadata.Namespace = r.Namespace
	}
	o := &plan.Object{
		Key: r.Key(), Generation: r.Generation, Created: r.Created,
		Route: route, Problems: problems, Status: r.Status, FromLabels: r.Origin == Origin,
	}
	if route != nil {
		o.Cluster = route.Spec.ServiceCluster
	}
	if route == nil || !o.FromLabels {
		return o
	}
	var said remarks
	if err := json.Unmarshal([]byte(route.Metadata.Annotations[annotationRemarks]), &said); err != nil {
		return o // there are none
	}
	o.Notes, o.Ignored = said.Notes, problemsOf(said.Ignored)
	if len(said.Fatal) > 0 {
		o.Route, o.Problems = nil, problemsOf(said.Fatal)
	}
	return o
}

func problemsOf(said []remark) []v1alpha1.Problem {
	var problems []v1alpha1.Problem
	for _, s := range said {
		problems = append(problems, v1alpha1.Problem{Reason: s.Reason, Message: s.Message, Rule: -1})
	}
	return problems
}
