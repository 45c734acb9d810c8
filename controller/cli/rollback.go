package cli

import (
	"bytes"
	"context"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/store"
)

func (c *client) newRollback() *cobra.Command {
	var to int64
	command := &cobra.Command{
		Use:   "rollback [KIND/]NAME",
		Short: "Apply an earlier generation of an object again",
		Example: `  fairlead rollback route/demo
  fairlead rollback route/demo --to 3`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			s := selectionOf(args)
			if len(s.names) != 1 {
				return usage(command, "name one object")
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				return c.rollback(command.Context(), cluster, s.names[0], to)
			})
		},
	}
	command.Flags().Int64Var(&to, "to", 0, "the generation to go back to (default: the one before)")
	return command
}

func (c *client) rollback(ctx context.Context, cluster Cluster, w wanted, to int64) error {
	o, history, err := c.history(ctx, cluster, w)
	if err != nil {
		return err
	}
	if to == 0 {
		if to = previous(o.Record, history); to == 0 {
			return no("%s has no earlier generation", o.ref())
		}
	}
	old, err := generationOf(o, history, to)
	if err != nil {
		return err
	}
	if bytes.Equal(old.Data, o.Data) {
		c.printf("%s unchanged: generation %d is what there is\n", o.ref(), to)
		return nil
	}
	r, err := cluster.Store.Put(ctx, store.Manifest{
		Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Data: old.Data, AppliedBy: c.User, IfGeneration: o.Generation,
	})
	if err != nil {
		return putError(o.ref(), err)
	}
	c.printf("%s rolled back to generation %d, as generation %d\n", o.ref(), to, r.Generation)
	c.warnOrigin(o.Record)
	return nil
}

// previous is the newest generation before r's, or 0.
func previous(r store.Record, newestFirst []store.Record) int64 {
	for _, old := range newestFirst {
		if old.Generation < r.Generation {
			return old.Generation
		}
	}
	return 0
}
