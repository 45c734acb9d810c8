// Command fairlead is an operator for Docker Swarm with its own data plane, and
// the client to it. This package is the wiring: flags to parts, parts to each
// other, and the order in which they end.
//
// The way of one Route, a function a hop: source.Decode reads the manifest,
// store.Configs.Put stores it, reconcile.Trigger.Set wakes the loop,
// Reconciler.Reconcile makes a pass, plan.Decision.Next decides,
// dataplane.Plane.Publish prepares, routing.NewTable compiles, and
// atomic.Pointer.Store serves it.
//
//	main.go      the command line
//	options.go   flags of run
//	info.go      what answers say of this data plane
//	run.go       run: a data plane, and what is served with or without a swarm
//	operate.go   the operator: the parts that need the Docker API
//	sync.go      --manifests with a swarm
//	objects.go   stored Routes to plan.Objects, each decoded once
//	services.go  Routes of services' labels to the store
//	statuses.go  statuses to the store, beside the loop
//	planes.go    what the data planes of all instances say
//	metrics.go   metrics of the control side, and /readyz
//	memory.go    unused memory goes back to the system
//	tender.go    tender
//	install.go   install, uninstall
//	pki.go       pki
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"os/user"
	"syscall"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/controller/cli"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	endOnSignals(stop)
	os.Exit(execute(ctx))
}

func execute(ctx context.Context) int {
	root := cli.New(cli.Config{
		Connect:  connectCluster,
		Terminal: isTerminal(os.Stderr),
		Version:  version,
		User:     whoami(),
	})
	root.AddCommand(runCommand(), tenderCommand(), installCommand(), uninstallCommand(), pkiCommand())
	return cli.Execute(ctx, root, os.Args[1:])
}

// runCommand is `fairlead run`.
func runCommand() *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "run",
		Short: "Run the operator with its data plane",
		Long: `Run the operator with its data plane: on a swarm manager, where it serves the
Routes that are applied, or with --standalone without Docker, where it serves
those of a folder.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			o.host, _ = c.Flags().GetString("host")
			o.context, _ = c.Flags().GetString("context")
			if err := o.complete(); err != nil {
				return err
			}
			return withListenHint(run(c.Context(), o))
		},
	}
	o.addFlags(c)
	return c
}

// connectCluster finds the swarm for the client's commands.
func connectCluster(_ context.Context, o cli.ConnOptions) (cli.Cluster, error) {
	client, err := swarm.Connect(swarm.Options{Host: o.Host, Context: o.Context})
	if err != nil {
		return cli.Cluster{}, err
	}
	return cli.Cluster{
		Store: store.NewConfigs(client, store.ConfigsOptions{}), Swarm: client, Secrets: client, Engine: client, Close: client.Close,
		Reports: func(ctx context.Context, cluster string) ([]snapshot.Report, error) {
			return reportsOf(ctx, store.NewPlanes(client, cluster))
		},
	}, nil
}

// reportsOf are the Reports that the data planes have left in the swarm.
func reportsOf(ctx context.Context, planes *store.Planes) ([]snapshot.Report, error) {
	records, err := planes.List(ctx)
	reports := make([]snapshot.Report, len(records))
	for i := range records {
		reports[i] = records[i].Report
	}
	return reports, err
}

func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// whoami is who applies: user@host.
func whoami() string {
	name := "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, err := os.Hostname()
	if err != nil {
		return name
	}
	return fmt.Sprintf("%s@%s", name, host)
}

// endOnSignals calls stop at the first signal to end. The second ends the process
// as if nobody listened: who signals again does not want to wait for the drain.
func endOnSignals(stop func()) {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		<-signals
		stop()
		again := <-signals
		signal.Reset()
		if self, err := os.FindProcess(os.Getpid()); err != nil || self.Signal(again) != nil {
			os.Exit(1)
		}
	}()
}
