package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func (c *client) newGet() *cobra.Command {
	var watch bool
	command := &cobra.Command{
		Use:   "get [routes] [NAME...]",
		Short: "List Routes",
		Example: `  fairlead get routes
  fairlead get routes -n shop -o wide
  fairlead get route/demo -o yaml
  fairlead get routes --watch`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			format, err := c.format(command, formatTable, formatWide, formatJSON, formatYAML, formatName)
			if err != nil {
				return err
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				if watch {
					return c.watch(command, cluster, names(args), format)
				}
				return c.get(command.Context(), cluster, names(args), format)
			})
		},
	}
	command.Flags().BoolVarP(&watch, "watch", "w", false, "go on, with a line for each Route that changes")
	return command
}

func (c *client) get(ctx context.Context, cluster Cluster, names []string, format string) error {
	objects, err := c.pick(ctx, cluster, names)
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
		return c.printObjects(objects, format, len(names) == 1)
	}
	if len(objects) == 0 {
		c.warnf("%s\n", c.none())
		return nil
	}
	t := table{columns(format)}
	for _, o := range objects {
		t.add(c.row(o, format)...)
	}
	t.write(c.Out, "")
	return nil
}

// none says that there are no objects, and what to do.
func (c *client) none() string {
	if c.namespace != "" {
		return "No Routes in namespace " + c.namespace + "."
	}
	return "No Routes. Apply one with: fairlead apply FILE"
}

func columns(format string) []string {
	columns := []string{"NAME", "HOSTS", "TLS", "STATUS", "ENDPOINTS", "ORIGIN", "AGE"}
	if format == formatWide {
		columns = append(columns, "GENERATION", "APPLIED BY", "SOURCE")
	}
	return columns
}

func (c *client) row(o object, format string) []string {
	status, _ := o.verdict()
	endpoints := "-"
	if o.Status != nil {
		endpoints = fmt.Sprint(o.Status.ReadyEndpoints)
	}
	row := []string{o.Key(), c.hostCell(o, format), tlsCell(o), status, endpoints, dash(o.origin()), c.age(o.Created)}
	if format == formatWide {
		row = append(row, fmt.Sprint(o.Generation), dash(o.AppliedBy), dash(o.Source))
	}
	return row
}

// hostCell names the hosts, in the narrow table only the first two.
func (c *client) hostCell(o object, format string) string {
	hosts := o.hosts()
	if len(hosts) > 2 && format != formatWide {
		return fmt.Sprintf("%s +%d", strings.Join(hosts[:2], ","), len(hosts)-2)
	}
	return dash(strings.Join(hosts, ","))
}

func tlsCell(o object) string {
	if o.Route == nil || o.Route.Spec.TLS == nil {
		return "-"
	}
	return string(o.Route.Spec.TLS.Mode)
}

// printObjects writes whole objects: one as itself; several as YAML documents,
// which can be applied again, or as a JSON list.
func (c *client) printObjects(objects []object, format string, single bool) error {
	routes := make([]*v1alpha1.Route, len(objects))
	for i, o := range objects {
		routes[i] = o.whole()
	}
	if single {
		return c.print(format, routes[0])
	}
	if format == formatJSON {
		return c.print(format, map[string]any{"apiVersion": v1alpha1.GroupVersion, "kind": "RouteList", "items": routes})
	}
	for i, r := range routes {
		if i > 0 {
			c.printf("---\n")
		}
		if err := c.print(format, r); err != nil {
			return err
		}
	}
	return nil
}

// whole is the Route with its defaults and what Fairlead wrote.
func (o object) whole() *v1alpha1.Route {
	r := &v1alpha1.Route{
		TypeMeta: v1alpha1.TypeMeta{APIVersion: v1alpha1.GroupVersion, Kind: v1alpha1.KindRoute},
		Metadata: v1alpha1.ObjectMeta{Name: o.Name, Namespace: o.Namespace},
	}
	if o.Route != nil {
		*r = *o.Route
	}
	r.Metadata.Generation, r.Status = o.Generation, o.Status
	if !o.Created.IsZero() {
		created := o.Created.UTC()
		r.Metadata.CreationTimestamp = &created
	}
	return r
}

// completeNames completes the names of Routes for the shell.
func (c *client) completeNames(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var found []string
	err := c.with(command.Context(), func(cluster Cluster) error {
		objects, err := c.list(command.Context(), cluster)
		for _, o := range objects {
			if !slices.Contains(args, o.Key()) {
				found = append(found, o.Key())
			}
		}
		return err
	})
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}
