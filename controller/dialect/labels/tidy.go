package labels

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Defaulted is a copy of a Route with its defaults. They share nothing.
func Defaulted(r *v1alpha1.Route) *v1alpha1.Route {
	c := &v1alpha1.Route{TypeMeta: r.TypeMeta, Metadata: r.Metadata}
	c.Spec = specOf(treeOf(&r.Spec))
	v1alpha1.Default(c)
	return c
}

// Tidy leaves out of a Route what it would have without saying it, so that it
// reads as a person would write it, and two that mean the same read the same.
func Tidy(r *v1alpha1.Route) {
	c := Defaulted(r)
	shorten(&c.Spec)
	p := pruner{tree: treeOf(&c.Spec), want: Defaulted(c).Spec}
	p.prune(p.tree, 1)
	r.Spec = specOf(p.tree)
}

// shorten turns one Rule that is nothing but a Backend into the short form, and
// takes a Match out that matches everything.
func shorten(s *v1alpha1.RouteSpec) {
	for i := range s.Rules {
		if r := &s.Rules[i]; len(r.Matches) == 1 && isEverything(r.Matches[0]) {
			r.Matches = nil
		}
	}
	if len(s.Rules) != 1 {
		return
	}
	alone := v1alpha1.Rule{Backends: s.Rules[0].Backends}
	if len(alone.Backends) == 1 && reflect.DeepEqual(alone, s.Rules[0]) {
		s.Backend, s.Rules = &alone.Backends[0], nil
	}
}

func isEverything(m v1alpha1.Match) bool {
	root := m.Path == nil || m.Path.Type == v1alpha1.MatchPathPrefix && m.Path.Value == "/"
	return root && m.Method == "" && len(m.Headers)+len(m.QueryParams) == 0
}

// pruner takes fields out of a tree that come back by themselves.
type pruner struct {
	tree map[string]any
	want v1alpha1.RouteSpec
}

// isKept says whether a field is better said, whatever its default: a weight
// beside others, types but the one that values mostly have.
func isKept(key string, value any, siblings int) bool {
	switch key {
	case "weight":
		return siblings > 1
	case "type":
		return value != string(v1alpha1.MatchExact)
	}
	return key == "statusCode"
}

// prune takes fields out of node, which is one of so many siblings.
func (p *pruner) prune(node map[string]any, siblings int) {
	for _, key := range slices.Sorted(maps.Keys(node)) {
		value := node[key]
		if !isKept(key, value, siblings) {
			delete(node, key)
			if p.same() {
				continue
			}
			node[key] = value
		}
		p.pruneBelow(value)
	}
}

func (p *pruner) pruneBelow(value any) {
	switch value := value.(type) {
	case map[string]any:
		p.prune(value, 1)
	case []any:
		for _, item := range value {
			if node, ok := item.(map[string]any); ok {
				p.prune(node, len(value))
			}
		}
	}
}

// same says whether the tree means what it did.
func (p *pruner) same() bool {
	r := v1alpha1.Route{Spec: specOf(p.tree)}
	v1alpha1.Default(&r)
	return reflect.DeepEqual(r.Spec, p.want)
}

func treeOf(s *v1alpha1.RouteSpec) map[string]any {
	var tree map[string]any
	convert(s, &tree)
	return tree
}

func specOf(tree map[string]any) v1alpha1.RouteSpec {
	var s v1alpha1.RouteSpec
	convert(tree, &s)
	return s
}

// convert copies by way of JSON, in which both sides are the same.
func convert(from, to any) {
	data, err := json.Marshal(from)
	if err == nil {
		err = json.Unmarshal(data, to)
	}
	if err != nil {
		panic("labels: " + err.Error())
	}
}
