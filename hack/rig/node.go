package rig

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Node is one member of the swarm: a Place with an engine.
type Node struct {
	Place
	// Index is from 0; node 0 is the first manager.
	Index int `json:"index"`
	// Dir holds what is the node's own.
	Dir string `json:"dir"`
	// Engine is dockerd's process ID, 0 while it is stopped.
	Engine int `json:"engine,omitempty"`

	rig        *Rig
	flags      []string        // of dockerd, beside those that every node has
	engineDone <-chan struct{} // closed when dockerd has ended; nil in a rig that was found
}

func newNode(r *Rig, i int) *Node {
	n := &Node{rig: r, Index: i, Dir: filepath.Join(r.dir, fmt.Sprint("n", i+1))}
	n.Name = fmt.Sprintf("%s-n%d", r.id, i+1)
	n.Addr = fmt.Sprint(subnet, firstNode+i)
	n.NetNS = netnsDir + n.netnsName()
	return n
}

func (n *Node) netnsName() string { return n.Name }

// cable is the fabric's end of the node's veth pair.
func (n *Node) cable() string { return fmt.Sprint("node", n.Index+1) }

func (n *Node) path(name string) string { return filepath.Join(n.Dir, name) }

// Host is the engine's address as DOCKER_HOST takes it. It works from anywhere
// on the machine; in the node itself the engine is at its usual place.
func (n *Node) Host() string { return "unix://" + n.socket() }

func (n *Node) socket() string { return n.path("run/docker.sock") }

// Try runs the docker command against the node's engine and returns what it
// printed, without white space around it.
func (n *Node) Try(ctx context.Context, args ...string) (string, error) {
	return output(n.docker(ctx, args...))
}

// Docker is Try for a test, which fails with an error of the command.
func (n *Node) Docker(t testing.TB, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	out, err := n.Try(ctx, args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// DockerInput is Docker with a standard input, for `secret create NAME -`.
func (n *Node) DockerInput(t testing.TB, input string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := n.docker(ctx, args...)
	c.Stdin = strings.NewReader(input)
	out, err := output(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// docker keeps the user's own contexts and credentials out of it.
func (n *Node) docker(ctx context.Context, args ...string) *exec.Cmd {
	c := exec.CommandContext(ctx, "docker", args...)
	c.Env = append(os.Environ(), "DOCKER_HOST="+n.Host(), "DOCKER_CONTEXT=", "DOCKER_CONFIG="+n.path("cli"), "DOCKER_CLI_HINTS=false")
	c.WaitDelay = 5 * time.Second
	return c
}

// CutLink pulls the node's cable until HealLink, or until the test ends.
func (n *Node) CutLink(t testing.TB) {
	t.Helper()
	if err := n.setLink(t.Context(), "down"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.HealLink(t) })
}

// HealLink plugs the cable in again.
func (n *Node) HealLink(t testing.TB) {
	t.Helper()
	if err := n.setLink(context.Background(), "up"); err != nil {
		t.Error(err)
	}
}
