package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// Task is a task of a service, as the engine reports it.
type Task struct {
	ID string
	// Node is where it runs; nil until it is placed.
	Node *Node
	// Slot is its number in a replicated service.
	Slot int
	// State and Desired are as in the API: "running".
	State, Desired string
	// Container is the ID of its container, "" until there is one.
	Container string
	// PID is the process ID of its container's first process.
	PID int
	// Addrs are its addresses by the name of the network.
	Addrs map[string]netip.Addr
}

// inspected is what we read of `docker inspect --type task`.
type inspected struct {
	ID           string
	NodeID       string
	Slot         int
	DesiredState string
	Status       struct {
		State           string
		ContainerStatus struct {
			ContainerID string
			PID         int
		}
	}
	NetworksAttachments []struct {
		Network   struct{ Spec struct{ Name string } }
		Addresses []string
	}
}

// Tasks are all tasks of a service that Swarm remembers.
func (r *Rig) Tasks(ctx context.Context, service string) ([]Task, error) {
	first := r.nodes[0]
	ids, err := first.Try(ctx, "service", "ps", "-q", "--no-trunc", service)
	if err != nil || ids == "" {
		return nil, err
	}
	out, err := first.Try(ctx, append([]string{"inspect", "--type", "task"}, strings.Fields(ids)...)...)
	if err != nil {
		return nil, err
	}
	var found []inspected
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		return nil, fmt.Errorf("read the tasks of %s: %w", service, err)
	}
	byID, err := r.nodesByID(ctx)
	if err != nil {
		return nil, err
	}
	tasks := make([]Task, len(found))
	for i, f := range found {
		tasks[i] = f.task(byID)
	}
	return tasks, nil
}

func (f inspected) task(nodes map[string]*Node) Task {
	t := Task{
		ID: f.ID, Node: nodes[f.NodeID], Slot: f.Slot, State: f.Status.State, Desired: f.DesiredState,
		Container: f.Status.ContainerStatus.ContainerID, PID: f.Status.ContainerStatus.PID,
		Addrs: map[string]netip.Addr{},
	}
	for _, a := range f.NetworksAttachments {
		if len(a.Addresses) == 0 {
			continue
		}
		if p, err := netip.ParsePrefix(a.Addresses[0]); err == nil {
			t.Addrs[a.Network.Spec.Name] = p.Addr()
		}
	}
	return t
}

// nodesByID maps Swarm's node IDs; a node's host name is its name here.
func (r *Rig) nodesByID(ctx context.Context) (map[string]*Node, error) {
	out, err := r.nodes[0].Try(ctx, "node", "ls", "--format", "{{.ID}} {{.Hostname}}")
	if err != nil {
		return nil, err
	}
	byID := map[string]*Node{}
	for line := range strings.Lines(out) {
		id, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		for _, n := range r.nodes {
			if n.Name == name {
				byID[id] = n
			}
		}
	}
	return byID, nil
}

// Running are the tasks of a service that run and are to run.
func (r *Rig) Running(ctx context.Context, service string) ([]Task, error) {
	all, err := r.Tasks(ctx, service)
	var running []Task
	for _, t := range all {
		if t.State == "running" && t.Desired == "running" {
			running = append(running, t)
		}
	}
	return running, err
}

// WaitTasks waits until exactly n tasks of the service run and returns them.
func (r *Rig) WaitTasks(t testing.TB, service string, n int) []Task {
	t.Helper()
	var running []Task
	Eventually(t, 90*time.Second, fmt.Sprintf("%d tasks of %s run", n, service), func() (err error) {
		running, err = r.Running(context.Background(), service)
		if err == nil && len(running) != n {
			err = fmt.Errorf("%d run", len(running))
		}
		return err
	})
	return running
}

// Kill ends a task's container at once, as a crash does.
func (k Task) Kill(t testing.TB) {
	t.Helper()
	k.Node.Docker(t, "kill", k.Container)
}

// Place is the inside of the task's own network: from there its neighbours on
// overlay networks can be dialled. It is there as long as the container is.
func (k Task) Place() *Place {
	ns := k.Node.rig.Fabric.Name
	return &Place{Name: ns + "/" + k.ID, NetNS: procNS(k.PID, "net")}
}
