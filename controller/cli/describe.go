package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

func (c *client) newDescribe() *cobra.Command {
	return &cobra.Command{
		Use:   "describe [KIND/]NAME...",
		Short: "Show all about objects: rules, Conditions, Endpoints, recent events",
		Example: `  fairlead describe route/demo
  fairlead describe issuer/company
  fairlead describe -n shop`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			if _, err := c.format(command, formatTable); err != nil {
				return err
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				return c.describe(command.Context(), cluster, selectionOf(args).orRoutes())
			})
		},
	}
}

func (c *client) describe(ctx context.Context, cluster Cluster, asked selection) error {
	objects, err := c.pick(ctx, cluster, asked)
	if err != nil {
		return err
	}
	all, err := listAll(ctx, cluster)
	if err != nil {
		return err
	}
	in, err := c.input(ctx, cluster, all)
	if err != nil {
		return err
	}
	events, err := c.events(ctx, cluster)
	if err != nil {
		return err
	}
	places := newPlaces(&in.World)
	var s *snapshot.Snapshot
	var states states
	for i, o := range objects {
		if i > 0 {
			c.printf("\n")
		}
		if own := o.decoded.Cluster; s == nil || own != in.Cluster {
			in.Cluster = own
			s = plan.Compute(in).Snapshot
			if states, err = c.states(ctx, cluster, own); err != nil {
				return err
			}
		}
		d := description{client: c, object: o, snapshot: s, places: places, states: states, events: events}
		d.write(c.Out)
	}
	return nil
}

// events are those of the last hour that the swarm still remembers.
func (c *client) events(ctx context.Context, cluster Cluster) ([]swarm.Event, error) {
	if cluster.Swarm == nil {
		return nil, nil
	}
	events, err := cluster.Swarm.Events(ctx, c.Now().Add(-time.Hour))
	if err != nil {
		return nil, fmt.Errorf("read the swarm's events: %w", err)
	}
	return events, nil
}

// description is all that there is to say about one Route.
type description struct {
	*client
	object   object
	snapshot *snapshot.Snapshot // with all Routes, as the operator would make it now
	places   places
	states   states
	events   []swarm.Event
}

func (d *description) write(w io.Writer) {
	d.writeHead(w)
	d.object.kind.body(d, w)
}

func (d *description) writeHead(w io.Writer) {
	o := d.object
	t := table{}
	t.add("Name:", o.Name)
	t.add("Namespace:", dash(o.Namespace))
	t.add("Generation:", fmt.Sprintf("%d, applied %s ago by %s", o.Generation, d.age(o.AppliedAt), dash(o.AppliedBy)))
	t.add("Source:", dash(o.Source))
	if origin := o.origin(); origin != "" {
		t.add("Origin:", origin)
	}
	o.kind.head(o, &t)
	t.write(w, "")
}

func (d *description) writeProblems(w io.Writer) {
	if len(d.object.Problems) == 0 {
		return
	}
	fmt.Fprintf(w, "Problems:\n")
	for _, p := range d.object.Problems {
		fmt.Fprintf(w, "  %s\n", p)
	}
}

func (d *description) writeConditions(w io.Writer) {
	fmt.Fprintf(w, "Conditions:\n")
	if d.object.Status == nil {
		fmt.Fprintf(w, "  none yet: is fairlead running?\n")
		return
	}
	t := table{{"TYPE", "STATUS", "REASON", "AGE", "MESSAGE"}}
	for _, c := range d.object.Status.Conditions {
		age := d.age(c.LastTransitionTime)
		if c.ObservedGeneration != d.object.Generation {
			age += fmt.Sprintf(" (generation %d)", c.ObservedGeneration)
		}
		t.add(c.Type, string(c.Status), c.Reason, age, c.Message)
	}
	t.write(w, "  ")
}

func (d *description) writeEndpoints(w io.Writer) {
	fmt.Fprintf(w, "Endpoints:\n")
	t := table{{"BACKEND", "ADDRESS", "STATE", "TASK", "NODE"}}
	for _, b := range backendsOf(d.snapshot, d.object.Key()) {
		for _, e := range b.Endpoints {
			task, node := d.places.of(e)
			t.add(b.Name, e.Address, d.states.of(e), task, node)
		}
	}
	if len(t) == 1 {
		fmt.Fprintf(w, "  none\n")
		return
	}
	t.write(w, "  ")
}

// backendsOf are the Backends that the Route of that key names, each once.
func backendsOf(s *snapshot.Snapshot, key string) []snapshot.Backend {
	named := map[string]bool{}
	for _, r := range s.Routes {
		if r.Key != key {
			continue
		}
		for _, rule := range r.Rules {
			mirrors := rule.Mirrors
			for _, b := range rule.Backends {
				named[b.Backend] = true
				mirrors = append(mirrors[:len(mirrors):len(mirrors)], b.Mirrors...)
			}
			for _, m := range mirrors {
				named[m.Backend] = true
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(s.Backends), func(b snapshot.Backend) bool { return !named[b.ID] })
}

// writeEvents writes those of things that the object mentions, as "kind name".
func (d *description) writeEvents(w io.Writer, mentioned map[string]bool) {
	t := table{{"AGE", "EVENT", "DETAILS"}}
	for _, e := range d.events {
		if mentioned[e.Kind+" "+e.Name] {
			t.add(d.age(e.Time), fmt.Sprintf("%s %s %sd", e.Kind, e.Name, e.Action), pairs(e.Details))
		}
	}
	if len(t) == 1 {
		return
	}
	fmt.Fprintf(w, "Events:\n")
	t.write(w, "  ")
}

// noteTLS notes the secrets that a Backend is spoken to with.
func noteTLS(t *v1alpha1.BackendTLS, note func(kind, name string)) {
	if t == nil {
		return
	}
	for _, name := range t.CASecretRefs {
		note("secret", name)
	}
	if t.ClientSecretRef != nil {
		note("secret", t.ClientSecretRef.Cert)
		note("secret", t.ClientSecretRef.Key)
	}
}

// mentioned are the things of the swarm that the Route names, as "kind name",
// with and without the stack's name in front.
func (d *description) mentioned() map[string]bool {
	m := map[string]bool{}
	if d.object.Route == nil {
		return m
	}
	note := func(kind, name string) {
		if name != "" {
			m[kind+" "+name] = true
			m[kind+" "+d.object.Namespace+"_"+name] = true
		}
	}
	spec := &d.object.Route.Spec
	if spec.TLS != nil {
		for _, ref := range spec.TLS.SecretRefs {
			note("secret", ref.Cert)
			note("secret", ref.Key)
		}
	}
	for _, r := range rulesOf(spec) {
		for _, b := range r.Backends {
			note("service", b.Service)
			note("network", b.Network)
			noteTLS(b.TLS, note)
		}
	}
	return m
}
