package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/cli"
	"fairlead.dev/fairlead/controller/swarm"
)

// installCommand is `fairlead install`.
func installCommand() *cobra.Command {
	i := swarm.Installation{}
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "install [flags] [-- FLAGS OF RUN]",
		Short: "Run Fairlead as a global service on the swarm's managers",
		Long: `Run Fairlead as a global service on the swarm's managers, on the network of the
hosts. What stands behind -- is handed to "fairlead run", such as --access-log=-.
Run it again to update.`,
		RunE: func(c *cobra.Command, args []string) error {
			client, err := connect(c)
			if err != nil {
				return err
			}
			defer client.Close()
			i.Args = args
			image, err := client.Install(c.Context(), i)
			if err != nil {
				return err
			}
			fmt.Fprintf(c.OutOrStdout(), "service %s with image %s\n", i.Name, image)
			return awaitRunning(c, client, i.Name, timeout)
		},
	}
	f := c.Flags()
	f.StringVar(&i.Name, "name", "fairlead", "name of the service and of its volume")
	f.StringVar(&i.Image, "image", "", "image that every manager can get (default: one made of this executable, on this node only)")
	f.StringArrayVar(&i.Constraints, "constraint", nil, "placement constraint (default node.role==manager)")
	f.DurationVar(&timeout, "timeout", time.Minute, "how long to wait until it runs; 0 does not wait")
	return c
}

func awaitRunning(c *cobra.Command, client *swarm.Client, name string, timeout time.Duration) error {
	if timeout == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(c.Context(), timeout)
	defer cancel()
	for last := ""; ; {
		running, wanted, err := client.Running(ctx, name)
		if err == nil && running >= wanted && wanted > 0 {
			fmt.Fprintf(c.OutOrStdout(), "%d of %d tasks run\n", running, wanted)
			return nil
		}
		if now := fmt.Sprintf("%d of %d tasks run", running, wanted); err == nil && now != last {
			fmt.Fprintln(c.ErrOrStderr(), now)
			last = now
		}
		select {
		case <-ctx.Done():
			return &cli.ExitError{Code: 1, Err: fmt.Errorf("%s after %s: look at docker service ps --no-trunc %s", last, timeout, name)}
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// uninstallCommand is `fairlead uninstall`.
func uninstallCommand() *cobra.Command {
	var name string
	c := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove the service that install made, and its tenders; Routes stay",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := connect(c)
			if err != nil {
				return err
			}
			defer client.Close()
			removed, err := client.Uninstall(c.Context(), name)
			for _, s := range removed {
				fmt.Fprintf(c.OutOrStdout(), "removed service %s\n", s)
			}
			return err
		},
	}
	c.Flags().StringVar(&name, "name", "fairlead", "name of the service")
	return c
}

// connect finds the Docker API by the global flags.
func connect(c *cobra.Command) (*swarm.Client, error) {
	host, _ := c.Flags().GetString("host")
	name, _ := c.Flags().GetString("context")
	client, err := swarm.Connect(swarm.Options{Host: host, Context: name})
	if err != nil {
		return nil, err
	}
	return client, nil
}
