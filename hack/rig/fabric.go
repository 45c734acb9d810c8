package rig

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
)

const (
	subnet     = "198.18.0."
	fabricHost = 1
	firstNode  = 11
	netnsDir   = "/run/netns/"
)

// output runs a command and returns what it printed, trimmed. Its error holds
// the command and what it complained of.
func output(c *exec.Cmd) (string, error) {
	var out, complaint strings.Builder
	c.Stdout, c.Stderr = &out, &complaint
	if err := c.Run(); err != nil {
		return strings.TrimSpace(out.String()), fmt.Errorf("%s: %w: %s", strings.Join(c.Args, " "), err, strings.TrimSpace(complaint.String()))
	}
	return strings.TrimSpace(out.String()), nil
}

// ip runs ip(8), one command a line.
func ip(ctx context.Context, lines ...string) error {
	for _, line := range lines {
		if _, err := output(exec.CommandContext(ctx, "ip", strings.Fields(line)...)); err != nil {
			return err
		}
	}
	return nil
}

// makeFabric makes the namespace with the bridge, and the nodes' namespaces,
// each with a cable to it.
func (r *Rig) makeFabric(ctx context.Context) error {
	fabric := r.id + "-fabric"
	r.Fabric = &Place{Name: fabric, Addr: fmt.Sprint(subnet, fabricHost), NetNS: netnsDir + fabric}
	err := ip(ctx,
		"netns add "+fabric,
		"-n "+fabric+" link set lo up",
		"-n "+fabric+" link add br0 type bridge",
		"-n "+fabric+" addr add "+r.Fabric.Addr+"/24 dev br0",
		"-n "+fabric+" link set br0 up",
	)
	if err != nil {
		return err
	}
	for _, n := range r.nodes {
		ns, cable := n.netnsName(), n.cable()
		err := ip(ctx,
			"netns add "+ns,
			"-n "+ns+" link set lo up",
			"-n "+fabric+" link add "+cable+" type veth peer name eth0 netns "+ns,
			"-n "+fabric+" link set "+cable+" master br0 up",
			"-n "+ns+" addr add "+n.Addr+"/24 dev eth0",
			"-n "+ns+" link set eth0 up",
		)
		if err != nil {
			return err
		}
	}
	return nil
}

// setLink pulls the node's cable, or plugs it in.
func (n *Node) setLink(ctx context.Context, state string) error {
	return ip(ctx, "-n "+n.rig.Fabric.Name+" link set "+n.cable()+" "+state)
}
