// Package compose reads services out of compose files, as far as labels need
// it: names, labels in both forms, networks, ports, replicas. What else stands
// in a file does not matter. Variables are filled in as docker stack deploy does.
package compose

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// File is one compose file, not yet read.
type File struct {
	// Name stands in errors.
	Name string
	Data []byte
}

// document is what is read of a file. Scalars stay nodes, so that a value is
// what was written: 8080, "true", 010.
type document struct {
	Services map[string]service `yaml:"services"`
	Networks map[string]network `yaml:"networks"`
}

type service struct {
	Labels      yaml.Node   `yaml:"labels"`
	Networks    yaml.Node   `yaml:"networks"`
	NetworkMode string      `yaml:"network_mode"`
	Ports       []yaml.Node `yaml:"ports"`
	Expose      []yaml.Node `yaml:"expose"`
	Deploy      struct {
		Labels   yaml.Node `yaml:"labels"`
		Replicas yaml.Node `yaml:"replicas"`
	} `yaml:"deploy"`
}

type network struct {
	Name     yaml.Node `yaml:"name"`
	External yaml.Node `yaml:"external"`
}

// Read returns the services of all files, sorted by name; what stands in a later
// file goes over what an earlier one says of the same service. stack is the name
// that the stack is deployed with, or empty; lookup gives variables their values.
func Read(files []File, stack string, lookup func(string) (string, bool)) ([]*labels.Service, error) {
	all := map[string]*labels.Service{}
	for _, f := range files {
		var d document
		if err := yaml.Unmarshal(f.Data, &d); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: is no compose file: %w", f.Name, err)
		}
		if len(d.Services) == 0 {
			return nil, fmt.Errorf("%s: has no services", f.Name)
		}
		r := reader{document: &d, stack: stack, lookup: lookup}
		for _, name := range slices.Sorted(maps.Keys(d.Services)) {
			s, err := r.service(name)
			if err != nil {
				return nil, fmt.Errorf("%s: service %s: %w", f.Name, name, err)
			}
			all[s.Name] = over(all[s.Name], s)
		}
	}
	return slices.SortedFunc(maps.Values(all), func(a, b *labels.Service) int { return cmp.Compare(a.Name, b.Name) }), nil
}

// over is s with what it does not say itself taken from the one before it.
func over(before, s *labels.Service) *labels.Service {
	if before == nil {
		return s
	}
	s.Labels, s.Container = merged(before.Labels, s.Labels), merged(before.Container, s.Container)
	s.Ports = slices.Compact(slices.Sorted(slices.Values(append(s.Ports, before.Ports...))))
	s.Replicas = cmp.Or(s.Replicas, before.Replicas)
	s.Networks = slices.Compact(slices.Sorted(slices.Values(append(s.Networks, before.Networks...))))
	return s
}

func merged(a, b map[string]string) map[string]string {
	m := maps.Clone(a)
	if m == nil {
		return b
	}
	maps.Copy(m, b)
	return m
}

// reader reads the services of one document.
type reader struct {
	*document
	stack  string
	lookup func(string) (string, bool)
}

func (r *reader) service(name string) (*labels.Service, error) {
	in := r.Services[name]
	s := &labels.Service{Name: r.whole(name), Namespace: r.stack, Networks: r.networks(&in)}
	var err1, err2 error
	s.Labels, err1 = r.labels(&in.Deploy.Labels)
	s.Container, err2 = r.labels(&in.Labels)
	s.Ports = r.ports(&in)
	s.Replicas, _ = strconv.Atoi(r.text(&in.Deploy.Replicas)) // an odd one is not known
	return s, errors.Join(err1, err2)
}

// whole is a name with that of the stack before it.
func (r *reader) whole(name string) string {
	if r.stack == "" {
		return name
	}
	return r.stack + "_" + name
}

// networks are the whole names of the networks of a service: the one called
// default where it names none.
func (r *reader) networks(s *service) []string {
	if s.NetworkMode != "" {
		return nil
	}
	names := keys(&s.Networks)
	if len(names) == 0 {
		names = []string{"default"}
	}
	for i, n := range names {
		names[i] = r.network(n)
	}
	slices.Sort(names)
	return names
}

func (r *reader) network(name string) string {
	n := r.Networks[name]
	external := deref(&n.External)
	own := r.text(&n.Name)
	if external.Kind == yaml.MappingNode {
		var e struct {
			Name yaml.Node `yaml:"name"`
		}
		if external.Decode(&e) == nil {
			own = cmp.Or(own, r.text(&e.Name))
		}
	}
	switch {
	case own != "":
		return own
	case external.Kind == yaml.MappingNode || external.Value == "true":
		return name
	}
	return r.whole(name)
}
