package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// Rig is a running swarm.
type Rig struct {
	// Fabric is a place beside the nodes: a client outside of the swarm.
	Fabric *Place

	id, dir  string
	managers int
	detached bool
	nodes    []*Node
	lock     *os.File
}

// lockLimit is how long a start waits for another rig of its name to end.
const lockLimit = 10 * time.Minute

// root holds every rig's folder and lock.
func root() string { return filepath.Join(os.TempDir(), "fairlead-rig") }

// Start starts a swarm and returns when all of its nodes are ready. It waits for
// a rig of the same name to end, and removes what dead ones left.
func Start(ctx context.Context, opts ...Option) (*Rig, error) {
	o := collect(opts)
	if err := errors.Join(o.valid(), Missing()); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(root(), 0o755); err != nil {
		return nil, err
	}
	removeLeftovers()
	r, err := claim(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := r.boot(ctx); err != nil {
		r.Close()
		return nil, fmt.Errorf("start rig %s: %w", r.id, err)
	}
	return r, nil
}

// claim takes the name, and removes what the last one of that name left.
func claim(ctx context.Context, o options) (*Rig, error) {
	r := &Rig{id: o.id(), dir: filepath.Join(root(), o.id()), managers: o.managers, detached: o.detached}
	err := poll(ctx, lockLimit, func() (err error) {
		if r.lock, err = lockFile(r.dir + ".lock"); err == nil && r.lock == nil {
			err = fmt.Errorf("another process has rig %s", r.id)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if isDetached(r.dir) {
		_ = r.lock.Close()
		return nil, fmt.Errorf("rig %s is up already", r.id)
	}
	remove(r.id)
	for i := range o.nodes {
		r.nodes = append(r.nodes, newNode(r, i))
	}
	return r, os.MkdirAll(r.dir, 0o755)
}

func (r *Rig) boot(ctx context.Context) error {
	if err := r.makeFabric(ctx); err != nil {
		return err
	}
	g, bootCtx := errgroup.WithContext(ctx)
	for _, n := range r.nodes {
		g.Go(func() error { return n.boot(bootCtx) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := r.formSwarm(ctx); err != nil {
		return err
	}
	return r.record()
}

// formSwarm makes node 0 the first manager and has the others join.
func (r *Rig) formSwarm(ctx context.Context) error {
	first := r.nodes[0]
	if _, err := first.Try(ctx, "swarm", "init", "--advertise-addr", first.Addr); err != nil {
		return err
	}
	for i, n := range r.nodes[1:] {
		role := "worker"
		if i+1 < r.managers {
			role = "manager"
		}
		token, err := first.Try(ctx, "swarm", "join-token", "-q", role)
		if err != nil {
			return err
		}
		if _, err := n.Try(ctx, "swarm", "join", "--token", token, "--advertise-addr", n.Addr, first.Addr+":2377"); err != nil {
			return err
		}
	}
	return poll(ctx, 60*time.Second, func() error { return r.ready(ctx) })
}

// record writes down what Find needs, for a detached rig only: its being there
// is what says that the rig is no leftover.
func (r *Rig) record() error {
	if !r.detached {
		return nil
	}
	data, err := json.MarshalIndent(r.nodes, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(recordFile(r.dir), data, 0o600)
}

func recordFile(dir string) string { return filepath.Join(dir, "nodes.json") }

func isDetached(dir string) bool {
	_, err := os.Stat(recordFile(dir))
	return err == nil
}

// Find opens a detached rig that another process started.
func Find(opts ...Option) (*Rig, error) {
	o := collect(opts)
	r := &Rig{id: o.id(), dir: filepath.Join(root(), o.id()), detached: true}
	data, err := os.ReadFile(recordFile(r.dir))
	if err != nil {
		return nil, fmt.Errorf("no rig %s is up: %w", r.id, err)
	}
	if err := json.Unmarshal(data, &r.nodes); err != nil {
		return nil, err
	}
	for _, n := range r.nodes {
		n.rig = r
	}
	fabric := r.id + "-fabric"
	r.Fabric = &Place{Name: fabric, Addr: fmt.Sprint(subnet, fabricHost), NetNS: netnsDir + fabric}
	return r, nil
}

// Close ends the rig and removes all that it was. The nodes' data goes with it,
// so nothing is asked to end in good order.
func (r *Rig) Close() {
	remove(r.id)
	if r.lock != nil {
		_ = r.lock.Close()
	}
}

// Node is the node with the index, from 0.
func (r *Rig) Node(i int) *Node { return r.nodes[i] }

// Nodes are all nodes; the first is a manager.
func (r *Rig) Nodes() []*Node { return r.nodes }

// ID names the rig on this machine.
func (r *Rig) ID() string { return r.id }

// marker is in the environment of all that the rig starts.
func (r *Rig) marker() string { return markerName + "=" + r.id }

func (r *Rig) cgroup() string { return cgroupOf(r.id) }
