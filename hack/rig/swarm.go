package rig

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// ready says whether every node is there and ready.
func (r *Rig) ready(ctx context.Context) error {
	out, err := r.nodes[0].Try(ctx, "node", "ls", "--format", "{{.Status}}")
	if err != nil {
		return err
	}
	if n := strings.Count(out, "Ready"); n != len(r.nodes) {
		return fmt.Errorf("%d of %d nodes are ready", n, len(r.nodes))
	}
	return nil
}

// WaitReady waits until every node is there and ready, as after HealLink.
func (r *Rig) WaitReady(t testing.TB) {
	t.Helper()
	Eventually(t, 90*time.Second, "every node is ready", func() error { return r.ready(context.Background()) })
}

// Reset removes every service, config, secret, container, volume and network of
// a user's from the swarm. Images stay.
func (r *Rig) Reset(t testing.TB) {
	t.Helper()
	r.WaitReady(t)
	first := r.nodes[0]
	// Together, for a service may be an operator that makes others until its
	// container has ended.
	Eventually(t, time.Minute, "the swarm has no services and containers", func() error {
		errs := []error{first.remove("service", "service", "ls", "-q")}
		for _, n := range r.nodes {
			errs = append(errs, n.remove("container", "container", "ls", "-aq"))
		}
		return errors.Join(errs...)
	})
	first.removeAll(t, "config", "config", "ls", "-q")
	first.removeAll(t, "secret", "secret", "ls", "-q")
	for _, n := range r.nodes {
		n.removeAll(t, "network", "network", "ls", "-q", "--filter", "type=custom")
		n.removeAll(t, "volume", "volume", "ls", "-q")
	}
}

// own is what the engine makes itself.
var own = []string{"ingress", "docker_gwbridge"}

// removeAll removes what list prints until it prints nothing: what is in use is
// let go of by and by.
func (n *Node) removeAll(t testing.TB, kind string, list ...string) {
	t.Helper()
	Eventually(t, time.Minute, "the swarm has no "+kind, func() error { return n.remove(kind, list...) })
}

// remove removes what list prints, and returns an error where that was anything.
func (n *Node) remove(kind string, list ...string) error {
	ids, err := n.listIDs(kind, list)
	if err != nil || len(ids) == 0 {
		return err
	}
	args := []string{kind, "rm"}
	if kind == "container" || kind == "volume" {
		args = append(args, "--force")
	}
	_, err = n.Try(context.Background(), append(args, ids...)...)
	return errors.Join(fmt.Errorf("%d of kind %s were there", len(ids), kind), err)
}

func (n *Node) listIDs(kind string, list []string) ([]string, error) {
	if kind == "network" {
		list = append(list, "--format", "{{.Name}}")
	}
	out, err := n.Try(context.Background(), list...)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range strings.Fields(out) {
		if kind != "network" || id != own[0] && id != own[1] {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
