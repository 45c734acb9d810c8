package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func (c *client) newGet() *cobra.Command {
	var watch bool
	command := &cobra.Command{
		Use:   "get [routes|issuers|certificates] [NAME...]",
		Short: "List Routes, Issuers or Certificates",
		Example: `  fairlead get routes
  fairlead get routes -n shop -o wide
  fairlead get route/demo -o yaml
  fairlead get routes --watch
  fairlead get issuers
  fairlead get certificates`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			format, err := c.format(command, formatTable, formatWide, formatJSON, formatYAML, formatName)
			if err != nil {
				return err
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				s := selectionOf(args).orRoutes()
				if watch {
					return c.watch(command, cluster, s, format)
				}
				return c.get(command.Context(), cluster, s, format)
			})
		},
	}
	command.Flags().BoolVarP(&watch, "watch", "w", false, "go on, with a line for each object that changes")
	return command
}

func (c *client) get(ctx context.Context, cluster Cluster, s selection, format string) error {
	objects, err := c.pick(ctx, cluster, s)
	if err != nil {
		return err
	}
	switch format {
	case formatName:
		for _, o := range objects {
			c.printf("%s\n", o.ref())
		}
		return nil
	case formatJSON, formatYAML:
		return c.printObjects(objects, s, format)
	}
	for i, k := range s.kinds() {
		if i > 0 {
			c.printf("\n")
		}
		c.printTable(k, objects, format)
	}
	return nil
}

// printTable prints those of a kind among objects.
func (c *client) printTable(k *kind, objects []object, format string) {
	t := table{columns(k, format)}
	for _, o := range objects {
		if o.kind == k {
			t.add(c.row(o, format)...)
		}
	}
	if len(t) == 1 {
		c.warnf("%s\n", c.none(k))
		return
	}
	t.write(c.Out, "")
}

// none says that there are no objects of a kind, and what to do.
func (c *client) none(k *kind) string {
	if c.namespace != "" {
		return fmt.Sprintf("No %ss in namespace %s.", k.name, c.namespace)
	}
	return fmt.Sprintf("No %ss. Apply one with: fairlead apply FILE", k.name)
}

func columns(k *kind, format string) []string {
	if format == formatWide {
		return append(slices.Clone(k.columns), "GENERATION", "APPLIED BY", "SOURCE")
	}
	return k.columns
}

func (c *client) row(o object, format string) []string {
	row := o.kind.row(c, o, format)
	if format == formatWide {
		row = append(row, fmt.Sprint(o.Generation), dash(o.AppliedBy), dash(o.Source))
	}
	return row
}

// printObjects writes whole objects: one that was named as itself; several as
// YAML documents, which can be applied again, or as a JSON list.
func (c *client) printObjects(objects []object, s selection, format string) error {
	whole := make([]any, len(objects))
	for i, o := range objects {
		whole[i] = o.kind.whole(o)
	}
	if len(s.names) == 1 {
		return c.print(format, whole[0])
	}
	if format == formatJSON {
		return c.print(format, map[string]any{"apiVersion": v1alpha1.GroupVersion, "kind": listName(s.kinds()), "items": whole})
	}
	for i, o := range whole {
		if i > 0 {
			c.printf("---\n")
		}
		if err := c.print(format, o); err != nil {
			return err
		}
	}
	return nil
}

// listName is the kind of a list of objects of these kinds.
func listName(kinds []*kind) string {
	if len(kinds) == 1 {
		return kinds[0].name + "List"
	}
	return "List"
}
