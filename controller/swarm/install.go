package swarm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/mount"
	"github.com/docker/docker/api/types/swarm"

	"fairlead.dev/fairlead/reconcile/plan"
)

// LabelInstall marks the service that Install makes.
const LabelInstall = "fairlead.dev/install"

// Installation is Fairlead as a service: on the host's network of every node
// that the constraints select, which must be managers, with the Docker socket
// and a volume for the Tenders' sockets.
type Installation struct {
	// Name is the service's; the volume has the same name.
	Name string
	// Image is named by ID, or by a reference that every such node can get; ""
	// makes one of this executable, which only this node has then.
	Image string
	// Constraints are placement constraints; none means every manager.
	Constraints []string
	// Args are further arguments of `fairlead run`.
	Args []string
}

// Install creates the service, or updates the one that is there, and returns
// the image that it runs.
func (c *Client) Install(ctx context.Context, i Installation) (string, error) {
	if i.Image == "" {
		id, err := c.imageOfSelf(ctx)
		if err != nil {
			return "", fmt.Errorf("make an image of this executable: %w", err)
		}
		i.Image = id
	}
	spec := i.service()
	existing, err := c.findService(ctx, i.Name)
	switch {
	case err != nil:
		return "", err
	case existing != nil && existing.Spec.Labels[LabelInstall] == "":
		return "", fmt.Errorf("there is a service %q that fairlead install did not make: choose another --name", i.Name)
	case existing != nil:
		_, err = call(ctx, c, "update service", func(ctx context.Context) (swarm.ServiceUpdateResponse, error) {
			return c.docker.ServiceUpdate(ctx, existing.ID, existing.Version, spec, swarm.ServiceUpdateOptions{})
		})
	default:
		_, err = call(ctx, c, "create service", func(ctx context.Context) (swarm.ServiceCreateResponse, error) {
			return c.docker.ServiceCreate(ctx, spec, swarm.ServiceCreateOptions{})
		})
	}
	return i.Image, err
}

func (c *Client) findService(ctx context.Context, name string) (*swarm.Service, error) {
	services, err := call(ctx, c, "list services", func(ctx context.Context) ([]swarm.Service, error) {
		return c.docker.ServiceList(ctx, swarm.ServiceListOptions{Filters: filters.NewArgs(filters.Arg("name", name))})
	})
	for i := range services { // the filter takes prefixes
		if services[i].Spec.Name == name {
			return &services[i], nil
		}
	}
	return nil, err
}

func (i Installation) service() swarm.ServiceSpec {
	grace, delay := 40*time.Second, time.Second
	if len(i.Constraints) == 0 {
		i.Constraints = []string{"node.role==manager"}
	}
	return swarm.ServiceSpec{
		Annotations: swarm.Annotations{Name: i.Name, Labels: map[string]string{LabelInstall: "true"}},
		TaskTemplate: swarm.TaskSpec{
			ContainerSpec: &swarm.ContainerSpec{
				Image:           i.Image,
				Command:         []string{binaryPath},
				Args:            append([]string{"run", "--state-dir", socketsPath}, i.Args...),
				ReadOnly:        true,
				CapabilityDrop:  []string{"ALL"},
				CapabilityAdd:   []string{"CAP_NET_BIND_SERVICE"},
				StopGracePeriod: &grace,
				Mounts: []mount.Mount{
					{Type: mount.TypeBind, Source: "/var/run/docker.sock", Target: "/var/run/docker.sock"},
					{Type: mount.TypeVolume, Source: i.Name, Target: socketsPath},
				},
			},
			Networks:      []swarm.NetworkAttachmentConfig{{Target: "host"}},
			Placement:     &swarm.Placement{Constraints: i.Constraints},
			RestartPolicy: &swarm.RestartPolicy{Condition: swarm.RestartPolicyConditionAny, Delay: &delay},
		},
		Mode:         swarm.ServiceMode{Global: &swarm.GlobalService{}},
		EndpointSpec: &swarm.EndpointSpec{Mode: swarm.ResolutionModeDNSRR},
		UpdateConfig: &swarm.UpdateConfig{Parallelism: 1, FailureAction: swarm.UpdateFailureActionRollback, Order: swarm.UpdateOrderStopFirst},
	}
}

// Running says how many tasks of the service run, and how many should.
func (c *Client) Running(ctx context.Context, name string) (running, wanted int, err error) {
	listed, err := call(ctx, c, "list services", func(ctx context.Context) ([]swarm.Service, error) {
		return c.docker.ServiceList(ctx, swarm.ServiceListOptions{Status: true, Filters: filters.NewArgs(filters.Arg("name", name))})
	})
	if err != nil {
		return 0, 0, err
	}
	for _, s := range listed {
		if s.Spec.Name == name && s.ServiceStatus != nil {
			return int(s.ServiceStatus.RunningTasks), int(s.ServiceStatus.DesiredTasks), nil
		}
	}
	return 0, 0, fmt.Errorf("there is no service %q", name)
}

// Uninstall removes the service, and its Tenders once its last task has ended:
// one that still runs would create them again. Objects and volumes stay. It
// returns the names of what it removed.
func (c *Client) Uninstall(ctx context.Context, name string) ([]string, error) {
	service, err := c.findService(ctx, name)
	if err != nil {
		return nil, err
	}
	if service == nil || service.Spec.Labels[LabelInstall] == "" {
		return nil, fmt.Errorf("there is no service %q that fairlead install made", name)
	}
	if err := c.removeTender(ctx, &plan.TenderRef{ServiceID: service.ID, Name: name}); err != nil {
		return nil, err
	}
	removed := []string{name}
	if err := c.awaitGone(ctx, service.ID); err != nil {
		return removed, err
	}
	services, err := c.listServices(ctx)
	if err != nil {
		return removed, err
	}
	var errs []error
	for _, s := range services {
		if s.Labels[plan.LabelTender] == service.ID {
			removed = append(removed, s.Name)
			errs = append(errs, c.removeTender(ctx, &plan.TenderRef{ServiceID: s.ID, Name: s.Name}))
		}
	}
	return removed, errors.Join(errs...)
}

// awaitGone waits until no task of the service is left.
func (c *Client) awaitGone(ctx context.Context, serviceID string) error {
	for {
		left, err := call(ctx, c, "list tasks", func(ctx context.Context) ([]swarm.Task, error) {
			return c.docker.TaskList(ctx, swarm.TaskListOptions{})
		})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(left, func(t swarm.Task) bool { return t.ServiceID == serviceID }) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
}
