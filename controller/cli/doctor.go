package cli

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/doctor"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

// Engine is what doctor asks beside the Swarm.
type Engine interface {
	Engine(ctx context.Context) (swarm.Engine, error)
	IdleTenders(ctx context.Context, w plan.World) ([]swarm.IdleTender, error)
}

func (c *client) newDoctor() *cobra.Command {
	var http, https string
	command := &cobra.Command{
		Use:   "doctor",
		Short: "Check the cluster and say what to mend; exit code 1 if a check fails",
		Long: `Check the cluster and say what to mend, one line a check: the connection to the
engine and its certificates, the swarm's managers and nodes, the ports of this
host (where the engine is on it), and what Routes name. The exit code is 1 where
a check fails.`,
		Example: `  fairlead doctor
  fairlead doctor -o json`,
		Args: cobra.NoArgs,
		RunE: func(command *cobra.Command, _ []string) error {
			format, err := c.format(command, formatTable, formatJSON, formatYAML)
			if err != nil {
				return err
			}
			f, err := c.facts(command.Context(), map[string]string{"http": http, "https": https})
			if err != nil {
				return err
			}
			return c.diagnosis(doctor.Examine(f), format)
		},
	}
	command.Flags().StringVar(&http, "http", ":80", `address of run for plain HTTP; "" for none`)
	command.Flags().StringVar(&https, "https", ":443", `address of run for TLS; "" for none`)
	return command
}

// diagnosis prints what was found.
func (c *client) diagnosis(results []doctor.Result, format string) error {
	failed := doctor.Failed(results)
	if format != formatTable {
		report := struct {
			Checks []doctor.Result `json:"checks"`
			Failed int             `json:"failed"`
		}{results, failed}
		if err := c.print(format, report); err != nil {
			return err
		}
	} else {
		c.printResults(results, failed)
	}
	if failed > 0 {
		return errNo
	}
	return nil
}

func (c *client) printResults(results []doctor.Result, failed int) {
	t := table{{"LEVEL", "CHECK", "FOUND"}}
	for _, r := range results {
		found := r.Found
		if r.Do != "" {
			found += " → " + r.Do
		}
		t.add(string(r.Level), r.Check, found)
	}
	t.write(c.Out, "")
	if failed > 0 {
		c.printf("\n%d of %d checks failed\n", failed, len(results))
	}
}

// facts gathers what can be. Only Ctrl-C is an error: what does not answer is a
// fact.
func (c *client) facts(ctx context.Context, addresses map[string]string) (doctor.Facts, error) {
	f := doctor.Facts{Now: c.Now()}
	cluster, err := c.Connect(ctx, c.connection)
	if err != nil {
		f.Unreachable = err
		return f, ctx.Err()
	}
	if cluster.Close != nil {
		defer func() { _ = cluster.Close() }()
	}
	if f.Engine, f.Unreachable = cluster.Engine.Engine(ctx); ctx.Err() != nil {
		return f, ctx.Err()
	}
	if isHere(f.Engine.Address) {
		for _, flag := range sortedKeys(addresses) {
			if addresses[flag] != "" {
				f.Ports = append(f.Ports, c.Port(flag, addresses[flag]))
			}
		}
	}
	if f.Unreachable == nil && f.Engine.Manager && f.Engine.Headless == nil {
		f.Ungathered = c.gather(ctx, cluster, &f)
		f.Gathered = f.Ungathered == nil
	}
	return f, ctx.Err()
}

// gather adds what a manager tells of Routes and Tenders.
func (c *client) gather(ctx context.Context, cluster Cluster, f *doctor.Facts) error {
	objects, err := c.list(ctx, cluster)
	if err != nil {
		return err
	}
	in, err := c.input(ctx, cluster, objects)
	if err != nil {
		return err
	}
	f.Routes = statuses(in)
	for _, o := range objects {
		if o.kind == routeKind {
			f.Reported = append(f.Reported, doctor.Reported{Key: o.Key(), Status: o.Status})
		}
	}
	if f.Tenders, err = cluster.Engine.IdleTenders(ctx, in.World); err != nil {
		return fmt.Errorf("ask about tenders: %w", err)
	}
	return nil
}

// isHere says whether the engine is on this host, as far as its address tells.
func isHere(address string) bool {
	if strings.HasPrefix(address, "unix://") {
		return true
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "tcp" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()
}
