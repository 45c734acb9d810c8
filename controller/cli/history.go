package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/store"
)

func (c *client) newHistory() *cobra.Command {
	var generation int64
	command := &cobra.Command{
		Use:   "history [KIND/]NAME",
		Short: "List the generations of an object",
		Example: `  fairlead history route/demo
  fairlead history route/demo --generation 2`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			s := selectionOf(args)
			if len(s.names) != 1 {
				return usage(command, "name one object")
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				o, history, err := c.history(command.Context(), cluster, s.names[0])
				if err != nil {
					return err
				}
				if generation > 0 {
					return c.printGeneration(o, history, generation)
				}
				return c.printHistory(command, history)
			})
		},
	}
	command.Flags().Int64Var(&generation, "generation", 0, "print the manifest of this generation")
	return command
}

// history returns the object that w means, and its generations, newest first.
func (c *client) history(ctx context.Context, cluster Cluster, w wanted) (object, []store.Record, error) {
	objects, err := c.list(ctx, cluster)
	if err != nil {
		return object{}, nil, err
	}
	o, err := c.find(objects, w)
	if err != nil {
		return object{}, nil, err
	}
	history, err := newestFirst(ctx, cluster, o.Record)
	return o, history, err
}

func (c *client) printHistory(command *cobra.Command, history []store.Record) error {
	format, err := c.format(command, formatTable, formatJSON, formatYAML)
	if err != nil {
		return err
	}
	if format != formatTable {
		return c.print(format, revisions(history))
	}
	t := table{{"GENERATION", "AGE", "APPLIED BY", "SOURCE"}}
	for _, r := range history {
		t.add(fmt.Sprint(r.Generation), c.age(r.AppliedAt), dash(r.AppliedBy), dash(r.Source))
	}
	t.write(c.Out, "")
	return nil
}

// revision is one generation for programs.
type revision struct {
	Generation int64  `json:"generation"`
	AppliedAt  string `json:"appliedAt,omitempty"`
	AppliedBy  string `json:"appliedBy,omitempty"`
	Manifest   string `json:"manifest"`
}

func revisions(history []store.Record) []revision {
	out := make([]revision, len(history))
	for i, r := range history {
		out[i] = revision{Generation: r.Generation, AppliedBy: r.AppliedBy, Manifest: string(r.Data)}
		if !r.AppliedAt.IsZero() {
			out[i].AppliedAt = r.AppliedAt.UTC().Format("2006-01-02T15:04:05Z")
		}
	}
	return out
}

func (c *client) printGeneration(o object, history []store.Record, generation int64) error {
	r, err := generationOf(o, history, generation)
	if err == nil {
		c.printf("%s", r.Data)
	}
	return err
}

// generationOf is one of history.
func generationOf(o object, history []store.Record, generation int64) (store.Record, error) {
	for _, r := range history {
		if r.Generation == generation {
			return r, nil
		}
	}
	return store.Record{}, no("%s has no generation %d any more; fairlead history %s lists those that are kept", o.ref(), generation, o.ref())
}
