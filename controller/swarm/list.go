package swarm

import (
	"context"
	"net"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/network"
	"github.com/docker/docker/api/types/swarm"

	"fairlead.dev/fairlead/reconcile/plan"
)

func (c *Client) listServices(ctx context.Context) ([]plan.Service, error) {
	listed, err := call(ctx, c, "list services", func(ctx context.Context) ([]swarm.Service, error) {
		return c.docker.ServiceList(ctx, swarm.ServiceListOptions{})
	})
	if err != nil {
		return nil, err
	}
	out := make([]plan.Service, len(listed))
	for i := range listed {
		out[i] = newService(&listed[i])
	}
	return out, nil
}

func newService(s *swarm.Service) plan.Service {
	out := plan.Service{ID: s.ID, Name: s.Spec.Name, Labels: s.Spec.Labels, Desired: -1, Updating: updating(s)}
	networks := s.Spec.TaskTemplate.Networks
	if len(networks) == 0 {
		networks = s.Spec.Networks //nolint:staticcheck // services made through old API versions have them here
	}
	for _, n := range networks {
		out.Networks = append(out.Networks, n.Target)
	}
	for _, ip := range s.Endpoint.VirtualIPs {
		address, _, _ := strings.Cut(ip.Addr, "/")
		out.VirtualIPs = append(out.VirtualIPs, plan.TaskAddress{Network: ip.NetworkID, IP: address})
	}
	if e := s.Spec.EndpointSpec; e != nil {
		for _, p := range e.Ports {
			if isHostPort(p) {
				out.HostPorts = append(out.HostPorts, int(p.TargetPort))
			}
		}
	}
	if c := s.Spec.TaskTemplate.ContainerSpec; c != nil && s.Spec.Labels[plan.LabelTender] == "" {
		for _, ref := range c.Secrets {
			out.Secrets = append(out.Secrets, ref.SecretID)
		}
	}
	if r := s.Spec.Mode.Replicated; r != nil && r.Replicas != nil {
		out.Desired = int(*r.Replicas)
	}
	return out
}

func isHostPort(p swarm.PortConfig) bool {
	return p.PublishMode == swarm.PortConfigPublishModeHost && p.Protocol == swarm.PortConfigProtocolTCP
}

func updating(s *swarm.Service) bool {
	if s.UpdateStatus == nil {
		return false
	}
	switch s.UpdateStatus.State {
	case swarm.UpdateStateUpdating, swarm.UpdateStateRollbackStarted:
		return true
	}
	return false
}

// listTasks lists the tasks that are wanted to run, of all services, in one call.
func (c *Client) listTasks(ctx context.Context) ([]plan.Task, error) {
	listed, err := call(ctx, c, "list tasks", func(ctx context.Context) ([]swarm.Task, error) {
		return c.docker.TaskList(ctx, swarm.TaskListOptions{Filters: filters.NewArgs(filters.Arg("desired-state", "running"))})
	})
	if err != nil {
		return nil, err
	}
	out := make([]plan.Task, len(listed))
	for i := range listed {
		out[i] = newTask(&listed[i])
	}
	return out, nil
}

func newTask(t *swarm.Task) plan.Task {
	out := plan.Task{
		ID: t.ID, ServiceID: t.ServiceID, NodeID: t.NodeID, Slot: slotOf(t), Created: t.CreatedAt.UnixMicro(),
		Running: t.Status.State == swarm.TaskStateRunning && t.DesiredState == swarm.TaskStateRunning,
	}
	for _, a := range t.NetworksAttachments {
		if len(a.Addresses) > 0 {
			ip, _, _ := strings.Cut(a.Addresses[0], "/")
			out.Addresses = append(out.Addresses, plan.TaskAddress{Network: a.Network.ID, IP: ip})
		}
	}
	for _, p := range t.Status.PortStatus.Ports {
		if isHostPort(p) && p.PublishedPort != 0 {
			out.HostPorts = append(out.HostPorts, plan.HostPort{Target: int(p.TargetPort), Published: int(p.PublishedPort)})
		}
	}
	return out
}

// slotOf is what the task's successor will have, too. Tasks of a global service
// have no number, but are one on each node.
func slotOf(t *swarm.Task) string {
	if t.Slot == 0 {
		return t.NodeID
	}
	return strconv.Itoa(t.Slot)
}

func (c *Client) listNetworks(ctx context.Context) ([]plan.Network, error) {
	listed, err := call(ctx, c, "list networks", func(ctx context.Context) ([]network.Summary, error) {
		return c.docker.NetworkList(ctx, network.ListOptions{Filters: filters.NewArgs(filters.Arg("driver", "overlay"))})
	})
	if err != nil {
		return nil, err
	}
	var out []plan.Network
	for i := range listed {
		if n := &listed[i]; n.Scope == "swarm" {
			out = append(out, plan.Network{ID: n.ID, Name: n.Name, Labels: n.Labels, Ingress: n.Ingress})
		}
	}
	return out, nil
}

func (c *Client) listSecrets(ctx context.Context) ([]plan.Secret, error) {
	listed, err := call(ctx, c, "list secrets", func(ctx context.Context) ([]swarm.Secret, error) {
		return c.docker.SecretList(ctx, swarm.SecretListOptions{})
	})
	if err != nil {
		return nil, err
	}
	out := make([]plan.Secret, len(listed))
	for i := range listed {
		out[i] = plan.Secret{ID: listed[i].ID, Name: listed[i].Spec.Name}
		if name := listed[i].Spec.Labels[plan.LabelCertificate]; name != "" {
			out[i].Certificate, out[i].Created = name, listed[i].CreatedAt
			out[i].Issued = plan.ReadIssued(listed[i].Spec.Labels)
			out[i].Cluster = listed[i].Spec.Labels[plan.LabelCluster]
		}
	}
	return out, nil
}

func (c *Client) listNodes(ctx context.Context) ([]plan.Node, error) {
	listed, err := call(ctx, c, "list nodes", func(ctx context.Context) ([]swarm.Node, error) {
		return c.docker.NodeList(ctx, swarm.NodeListOptions{})
	})
	if err != nil {
		return nil, err
	}
	out := make([]plan.Node, len(listed))
	for i := range listed {
		n := &listed[i]
		out[i] = plan.Node{ID: n.ID, Hostname: n.Description.Hostname, Address: addressOf(n), Ready: n.Status.State == swarm.NodeStateReady}
	}
	return out, nil
}

// addressOf is the address that the node advertises. A manager's own view of
// itself may be a wildcard, but not what it tells the other managers.
func addressOf(n *swarm.Node) string {
	if n.ManagerStatus != nil {
		if host, _, err := net.SplitHostPort(n.ManagerStatus.Addr); err == nil {
			return host
		}
	}
	return n.Status.Addr
}

// World returns everything that the swarm is, listed now.
func (c *Client) World(ctx context.Context) (plan.World, error) {
	o := NewObserver(c, nil, func() {}, nil)
	return o.Observe(ctx)
}
