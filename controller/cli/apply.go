package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/controller/store"
)

// applyFlags are those of apply.
type applyFlags struct {
	files             []string
	dryRun, wait, lax bool
	timeout           time.Duration
	consequence       string
}

func (c *client) newApply() *cobra.Command {
	f := applyFlags{consequence: "nothing was applied"}
	command := &cobra.Command{
		Use:   "apply FILE|DIR|-...",
		Short: "Store Routes, Issuers and Certificates from manifests",
		Long: `Store Routes, Issuers and Certificates from manifests: files, directories with all *.yaml, *.yml and *.json
below them, or - for the standard input. Unless everything is valid, nothing is
stored. An object that did not change gets no new generation.`,
		Example: `  fairlead apply route.yaml
  fairlead apply -f routes/ --dry-run
  fairlead apply route.yaml --wait --timeout 30s`,
		RunE: func(command *cobra.Command, args []string) error {
			files, err := filesOf(command, args, f.files)
			if err != nil {
				return err
			}
			f.files = files
			return c.apply(command, f)
		},
	}
	flags := command.Flags()
	flags.StringSliceVarP(&f.files, "filename", "f", nil, "file, directory or -; the same as an argument")
	flags.BoolVar(&f.dryRun, "dry-run", false, "only say what would happen, and what would become of the Routes")
	flags.BoolVar(&f.wait, "wait", false, "return when all are Ready")
	flags.DurationVar(&f.timeout, "timeout", time.Minute, "with --wait: how long at most")
	flags.BoolVar(&f.lax, "no-validate", false, "store also what decodes but is not valid; it gets Conditions that say so")
	return command
}

func (c *client) apply(command *cobra.Command, f applyFlags) error {
	format, err := c.format(command, formatTable, formatName)
	if err != nil {
		return err
	}
	read := c.readValid
	if f.lax {
		read = c.read
	}
	documents, err := read(f.files, f.consequence)
	if err != nil {
		return err
	}
	ctx := command.Context()
	return c.with(ctx, func(cluster Cluster) error {
		if f.dryRun {
			return c.dryRun(ctx, cluster, documents)
		}
		before, err := listRaw(ctx, cluster)
		if err != nil {
			return err
		}
		targets, err := c.putAll(ctx, cluster, before, documents, format)
		if err != nil || !f.wait {
			return err
		}
		return c.wait(ctx, cluster, waiting{targets: targets, condition: "Ready", timeout: f.timeout})
	})
}

// byRef are objects by what people name them.
func byRef(objects []object) map[string]object {
	m := make(map[string]object, len(objects))
	for _, o := range objects {
		m[o.ref()] = o
	}
	return m
}

// putAll stores the documents and says what became of each. One that fails does
// not keep the others.
func (c *client) putAll(ctx context.Context, cluster Cluster, before []object, documents []source.Document, format string) ([]target, error) {
	put, err := putter(ctx, cluster.Store)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	old := byRef(before)
	var targets []target
	var errs []error
	for _, d := range documents {
		ref := refOf(d.Kind, d.Key())
		r, err := put(ctx, store.Manifest{Kind: d.Kind, Namespace: d.Namespace, Name: d.Name, Data: d.Raw, AppliedBy: c.User})
		if err != nil {
			errs = append(errs, putError(ref, err))
			continue
		}
		targets = append(targets, target{ref: ref, generation: r.Generation})
		if format == formatName {
			c.printf("%s\n", ref)
			continue
		}
		c.printf("%s %s\n", ref, became(old[ref].Generation, r.Generation))
		c.warnOrigin(old[ref].Record)
	}
	return targets, errors.Join(errs...)
}

// putter is the store's Put; for a store that looks at everything each time,
// one that looks once for all.
func putter(ctx context.Context, s Store) (func(context.Context, store.Manifest) (store.Record, error), error) {
	b, ok := s.(interface {
		Begin(context.Context) (*store.Batch, error)
	})
	if !ok {
		return s.Put, nil
	}
	batch, err := b.Begin(ctx)
	if err != nil {
		return nil, err
	}
	return batch.Put, nil
}

// became says what a change from one generation to another is; 0 is none.
func became(before, after int64) string {
	switch before {
	case 0:
		return "created"
	case after:
		return "unchanged"
	}
	return fmt.Sprintf("configured (generation %d)", after)
}

// warnOrigin tells that someone else owns the object too.
func (c *client) warnOrigin(r store.Record) {
	if r.Origin != "" {
		c.warnf("warning: %s comes from %s, and may be written again from there\n", refOf(r.Kind, r.Key()), r.Origin)
	}
}

func putError(ref string, err error) error {
	switch {
	case errors.Is(err, store.ErrConflict):
		return fmt.Errorf("%s: someone else applied it at the same moment: look at it with fairlead diff, and apply again: %w", ref, err)
	case errors.Is(err, store.ErrReadOnly):
		return fmt.Errorf("%s: this store takes no writes: change the file that it comes from: %w", ref, err)
	}
	return fmt.Errorf("store %s: %w", ref, err)
}

// dryRun says what apply would do, and what would then be wrong with any Route
// that is not wrong already.
func (c *client) dryRun(ctx context.Context, cluster Cluster, documents []source.Document) error {
	before, err := listAll(ctx, cluster)
	if err != nil {
		return err
	}
	old := byRef(before)
	after := byRef(before)
	for _, d := range documents {
		ref := refOf(d.Kind, d.Key())
		o, existed := old[ref]
		generation := o.Generation
		if !existed || !bytes.Equal(o.Data, d.Raw) {
			generation++
		}
		c.printf("%s %s (dry run)\n", ref, became(o.Generation, generation))
		after[ref] = c.applied(o, d, generation)
	}
	return c.preview(ctx, cluster, before, after)
}

// applied is o as it would be after d.
func (c *client) applied(o object, d source.Document, generation int64) object {
	r := o.Record
	r.Kind, r.Namespace, r.Name, r.Data, r.Generation = d.Kind, d.Namespace, d.Name, d.Raw, generation
	r.Source = d.Source
	if r.Created.IsZero() {
		r.Created = c.Now()
	}
	return newObject(r)
}
