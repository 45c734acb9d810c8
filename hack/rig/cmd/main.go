// Command rig starts a real swarm on this machine for a person to use:
//
//	go run ./hack/rig/cmd up --nodes 3
//	eval "$(go run ./hack/rig/cmd env)"
//	docker node ls
//	go run ./hack/rig/cmd exec 2 ip addr
//	go run ./hack/rig/cmd down
//
// Nodes count from 1 here. `exec fabric` runs a command beside the nodes, as a
// client outside of the swarm would.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strconv"

	"fairlead.dev/fairlead/hack/rig"
)

const usage = `usage: rig COMMAND

  up [--nodes N] [--managers N]   start a swarm
  env [NODE]                      print what makes docker talk to it
  exec NODE|fabric COMMAND...     run a command in a node, or beside the nodes
  load NAME BINARY                make an image around a static binary, on all nodes
  down                            end it and remove all that it was
`

// name is apart from that of every package under test.
const name = "manual"

var errUsage = errors.New("see rig help")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout)
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	default:
		fmt.Fprintln(os.Stderr, "rig:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		args = []string{"help"}
	}
	switch command, rest := args[0], args[1:]; command {
	case "help", "-h", "--help":
		_, err := fmt.Fprint(out, usage)
		return err
	case "up":
		return up(ctx, rest, out)
	case "env", "exec", "load", "down":
		r, err := find()
		if err != nil {
			return err
		}
		return use(ctx, r, command, rest, out)
	default:
		return fmt.Errorf("no command %q: %w", command, errUsage)
	}
}

func use(ctx context.Context, r *rig.Rig, command string, args []string, out io.Writer) error {
	switch command {
	case "env":
		return env(r, args, out)
	case "exec":
		return execute(ctx, r, args, out)
	case "load":
		if len(args) != 2 {
			return errUsage
		}
		id, err := r.Load(ctx, args[0], args[1])
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(out, id)
		return err
	default:
		r.Close()
		return nil
	}
}

// find opens the rig that is up, whatever its count of nodes.
func find() (*rig.Rig, error) {
	for n := 1; n <= 9; n++ {
		if r, err := rig.Find(rig.Name(name), rig.Nodes(n)); err == nil {
			return r, nil
		}
	}
	return nil, errors.New("no swarm is up; start one with: rig up")
}

func up(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("up", flag.ContinueOnError)
	nodes := f.Int("nodes", 1, "how many nodes")
	managers := f.Int("managers", 1, "how many of them are managers")
	if err := f.Parse(args); err != nil {
		return err
	}
	if r, err := find(); err == nil {
		return fmt.Errorf("%s is up already; end it with: rig down", r.ID())
	}
	r, err := rig.Start(ctx, rig.Name(name), rig.Nodes(*nodes), rig.Managers(*managers), rig.Detached())
	if err != nil {
		return err
	}
	return env(r, nil, out)
}

// env prints the variables of a node, and the others' as comments.
func env(r *rig.Rig, args []string, out io.Writer) error {
	chosen := 0
	if len(args) == 1 {
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 1 || n > len(r.Nodes()) {
			return fmt.Errorf("no node %q", args[0])
		}
		chosen = n - 1
	}
	for i, n := range r.Nodes() {
		before := "# "
		if i == chosen {
			before = ""
		}
		if _, err := fmt.Fprintf(out, "%sexport DOCKER_HOST=%s # node %d, %s\n", before, n.Host(), i+1, n.Addr); err != nil {
			return err
		}
	}
	return nil
}

func execute(ctx context.Context, r *rig.Rig, args []string, out io.Writer) error {
	if len(args) < 2 {
		return errUsage
	}
	place := r.Fabric
	if args[0] != "fabric" {
		n, err := strconv.Atoi(args[0])
		if err != nil || n < 1 || n > len(r.Nodes()) {
			return fmt.Errorf("no node %q", args[0])
		}
		place = &r.Node(n - 1).Place
	}
	c := place.Command(ctx, args[1], args[2:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, out, os.Stderr
	return c.Run()
}
