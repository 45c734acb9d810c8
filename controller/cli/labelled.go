package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"fairlead.dev/fairlead/controller/dialect/compose"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/reconcile/plan"
)

// labelled are the services whose labels are read: those of compose files, or
// those of the swarm.
func (c *client) labelled(ctx context.Context, cluster Cluster, f *importFlags) ([]*labels.Service, error) {
	if len(f.files) > 0 {
		if f.stack == "" {
			c.warnf("warning: without --stack the Routes name services, networks and secrets as the file does, and docker stack deploy puts the stack's name before them\n")
		}
		files, err := c.composeFiles(f.files)
		if err != nil {
			return nil, err
		}
		return compose.Read(files, f.stack, os.LookupEnv)
	}
	if cluster.Swarm == nil {
		return nil, errors.New("there is no swarm to read services from: name a compose file with -f")
	}
	world, err := cluster.Swarm.World(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at the swarm: %w", unreachable(ctx, err))
	}
	return ofStack(servicesOf(&world), f.stack), nil
}

func (c *client) composeFiles(names []string) ([]compose.File, error) {
	var files []compose.File
	for _, name := range names {
		var data []byte
		var err error
		if name == "-" {
			name = "stdin"
			data, err = io.ReadAll(c.In)
		} else {
			data, err = os.ReadFile(name)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, compose.File{Name: name, Data: data})
	}
	return files, nil
}

// servicesOf are the services of the World, sorted by name.
func servicesOf(w *plan.World) []*labels.Service {
	names := map[string]string{}
	for _, n := range w.Networks {
		if !n.Ingress {
			names[n.ID] = n.Name
		}
	}
	var all []*labels.Service
	for _, s := range w.Services {
		one := &labels.Service{Name: s.Name, Namespace: s.Labels["com.docker.stack.namespace"], Labels: s.Labels, Replicas: max(0, s.Desired)}
		for _, id := range s.Networks {
			if name, ok := names[id]; ok {
				one.Networks = append(one.Networks, name)
			}
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b *labels.Service) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func ofStack(all []*labels.Service, stack string) []*labels.Service {
	if stack == "" {
		return all
	}
	return slices.DeleteFunc(all, func(s *labels.Service) bool { return s.Namespace != stack })
}
