package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func (c *client) newStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status [[KIND/]NAME...]",
		Short: "Report on all objects; exit code 1 if one is not Ready",
		Example: `  fairlead status
  fairlead status -o json`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			format, err := c.format(command, formatTable, formatJSON, formatYAML)
			if err != nil {
				return err
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				s := selectionOf(args)
				objects, err := c.pick(command.Context(), cluster, s)
				if err != nil {
					return err
				}
				return c.status(c.report(objects), s, format)
			})
		},
	}
}

// report makes the StatusReport of objects.
func (c *client) report(objects []object) v1alpha1.StatusReport {
	r := v1alpha1.StatusReport{
		TypeMeta: v1alpha1.TypeMeta{APIVersion: v1alpha1.GroupVersion, Kind: v1alpha1.KindStatusReport},
		Time:     c.Now().UTC(), Ready: true, Objects: []v1alpha1.ObjectReport{},
	}
	for _, o := range objects {
		reason, message := o.verdict()
		ready := reason == v1alpha1.ReasonReady
		r.Ready = r.Ready && ready
		r.Objects = append(r.Objects, v1alpha1.ObjectReport{
			Kind: o.Kind, Namespace: o.Namespace, Name: o.Name, Generation: o.Generation,
			Ready: ready, Reason: reason, Message: message, Hosts: o.hosts(), Status: o.Status,
		})
	}
	return r
}

func (c *client) status(r v1alpha1.StatusReport, s selection, format string) error {
	if format != formatTable {
		if err := c.print(format, r); err != nil {
			return err
		}
	} else if len(r.Objects) == 0 {
		c.warnf("%s\n", c.none(s.orRoutes().kind))
	} else {
		c.printReport(r)
	}
	if !r.Ready {
		return errNo
	}
	return nil
}

func (c *client) printReport(r v1alpha1.StatusReport) {
	t := table{{"NAME", "STATUS", "ENDPOINTS", "GENERATION", "MESSAGE"}}
	ready, pending := 0, false
	for _, o := range r.Objects {
		endpoints := "-"
		name := o.Key()
		if o.Kind != v1alpha1.KindRoute {
			name = refOf(o.Kind, name)
		} else if o.Status != nil {
			endpoints = fmt.Sprint(o.Status.ReadyEndpoints)
		}
		t.add(name, o.Reason, endpoints, fmt.Sprint(o.Generation), messages(o))
		if o.Ready {
			ready++
		}
		pending = pending || o.Reason == v1alpha1.ReasonPending
	}
	t.write(c.Out, "")
	c.printf("\n%d of %d Ready\n", ready, len(r.Objects))
	if pending {
		c.warnf("Some are Pending: is the operator running (fairlead run)?\n")
	}
}

// messages is what stands in the way, or else what one should know all the same.
func messages(o v1alpha1.ObjectReport) string {
	if o.Message != "" || o.Status == nil {
		return o.Message
	}
	for _, condition := range o.Status.Conditions {
		if wrong(condition) {
			return fmt.Sprintf("%s: %s", condition.Type, condition.Message)
		}
	}
	return ""
}
