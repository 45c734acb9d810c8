package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// options is what an Option changes.
type options struct {
	name            string
	nodes, managers int
	detached        bool
}

// Option changes what is started.
type Option func(*options)

// Nodes is how many nodes the swarm has. The default is 1.
func Nodes(n int) Option { return func(o *options) { o.nodes = n } }

// Managers is how many of the nodes, from the first, are managers. The default is 1.
func Managers(n int) Option { return func(o *options) { o.managers = n } }

// Name names the rig. The default is the name of the working directory, which
// in a test is the package's.
func Name(name string) Option { return func(o *options) { o.name = name } }

// Detached makes a rig that outlives the process. Find opens it again.
func Detached() Option { return func(o *options) { o.detached = true } }

func collect(opts []Option) options {
	o := options{nodes: 1, managers: 1}
	if dir, err := os.Getwd(); err == nil {
		o.name = filepath.Base(dir)
	}
	for _, opt := range opts {
		opt(&o)
	}
	return o
}

// id names the rig's folder, namespaces and cgroup.
func (o options) id() string { return fmt.Sprintf("%s-%d", o.name, o.nodes) }

func (o options) valid() error {
	switch {
	case o.nodes < 1 || o.nodes > 9:
		return fmt.Errorf("a rig has 1 to 9 nodes, not %d", o.nodes)
	case o.managers < 1 || o.managers > o.nodes:
		return fmt.Errorf("%d managers on %d nodes", o.managers, o.nodes)
	case o.name == "" || o.name != filepath.Base(o.name) || len(o.name) > 40:
		return fmt.Errorf("%q is no name for a rig", o.name)
	}
	return nil
}

// Missing says why no rig can run here, nil if one can.
func Missing() error {
	if runtime.GOOS != "linux" {
		return errors.New("a rig needs Linux")
	}
	if os.Geteuid() != 0 {
		return errors.New("a rig needs root")
	}
	for _, tool := range []string{"dockerd", "docker", "ip", "nsenter", "unshare"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("a rig needs %s (hack/install-deps installs it)", tool)
		}
	}
	if out, err := exec.Command("unshare", "-m", "-n", "true").CombinedOutput(); err != nil {
		return fmt.Errorf("a rig needs to make namespaces: %w: %s", err, out)
	}
	return nil
}
