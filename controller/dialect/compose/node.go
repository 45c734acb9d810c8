package compose

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// deref is the node that an alias stands for.
func deref(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// text is a scalar as it was written, with its variables filled in.
func (r *reader) text(n *yaml.Node) string {
	n = deref(n)
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return ""
	}
	return fill(n.Value, r.lookup)
}

// labels reads a map of labels, or a list of "name=value".
func (r *reader) labels(n *yaml.Node) (map[string]string, error) {
	n = deref(n)
	all := map[string]string{}
	switch n.Kind {
	case 0:
		return nil, nil
	case yaml.SequenceNode:
		for _, item := range n.Content {
			name, value, _ := strings.Cut(r.text(item), "=")
			all[name] = value
		}
		return all, nil
	case yaml.MappingNode:
		var m map[string]yaml.Node // so that merged keys are in it
		if err := n.Decode(&m); err != nil {
			return nil, err
		}
		for name, value := range m {
			all[fill(name, r.lookup)] = r.text(&value)
		}
		return all, nil
	case yaml.ScalarNode:
		if n.Tag == "!!null" {
			return nil, nil
		}
	}
	return nil, fmt.Errorf("line %d: labels must be a map or a list", n.Line)
}

// keys are the keys of a map, or the items of a list.
func keys(n *yaml.Node) []string {
	n = deref(n)
	var all []string
	for i, item := range n.Content {
		if n.Kind == yaml.SequenceNode || n.Kind == yaml.MappingNode && i%2 == 0 {
			all = append(all, deref(item).Value)
		}
	}
	return all
}

// ports are those that the containers listen on: the targets of ports, and expose.
func (r *reader) ports(s *service) []int {
	var all []int
	for _, n := range append(slices.Clone(s.Ports), s.Expose...) {
		if port, ok := labels.NumberOf(r.target(&n)); ok && !slices.Contains(all, port) {
			all = append(all, port)
		}
	}
	slices.Sort(all)
	return all
}

// target is the last part of "[address:][published:]target[/protocol]", or the
// field of that name.
func (r *reader) target(n *yaml.Node) string {
	if n = deref(n); n.Kind == yaml.MappingNode {
		var long struct {
			Target yaml.Node `yaml:"target"`
		}
		if n.Decode(&long) != nil {
			return ""
		}
		return r.text(&long.Target)
	}
	port, protocol, _ := strings.Cut(r.text(n), "/")
	if protocol == "udp" {
		return ""
	}
	return port[strings.LastIndex(port, ":")+1:]
}
