package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/controller/store"
)

func (c *client) newDelete() *cobra.Command {
	var files []string
	var lenient bool
	command := &cobra.Command{
		Use:   "delete [KIND/]NAME... | -f FILE",
		Short: "Delete objects, with their history",
		Example: `  fairlead delete route/demo
  fairlead delete issuer/company
  fairlead delete -f routes/`,
		ValidArgsFunction: c.completeNames,
		RunE: func(command *cobra.Command, args []string) error {
			s := selectionOf(args)
			if len(s.names) == 0 && len(files) == 0 {
				return usage(command, "name the objects, or with -f the manifests that hold them")
			}
			var documents []source.Document
			var err error
			if len(files) > 0 {
				if documents, err = c.read(files, "nothing was deleted"); err != nil {
					return err
				}
			}
			return c.with(command.Context(), func(cluster Cluster) error {
				return c.delete(command.Context(), cluster, s.names, documents, lenient)
			})
		},
	}
	command.Flags().StringSliceVarP(&files, "filename", "f", nil, "delete the objects in this file, directory or -")
	command.Flags().BoolVar(&lenient, "ignore-not-found", false, "what is not there is no error")
	return command
}

// delete deletes what names and documents mean. All are looked for before the
// first is deleted.
func (c *client) delete(ctx context.Context, cluster Cluster, names []wanted, documents []source.Document, lenient bool) error {
	objects, err := c.list(ctx, cluster)
	if err != nil {
		return err
	}
	for _, d := range documents {
		names = append(names, wanted{kindNamed(d.Kind), d.Key()})
	}
	var found []object
	for _, w := range names {
		o, err := c.findExactly(objects, w)
		if err == nil {
			found = append(found, o)
		} else if !lenient {
			return err
		}
	}
	for _, o := range found {
		if err := c.deleteOne(ctx, cluster, o); err != nil {
			return err
		}
	}
	return nil
}

// findExactly is find, but a name alone means nothing in another namespace: too
// much would be lost by a guess.
func (c *client) findExactly(objects []object, w wanted) (object, error) {
	o, err := c.find(objects, w)
	if err == nil && o.Key() != w.name && c.namespace == "" {
		return object{}, no("%s: there is no such %s; did you mean %s?", w.ref(), w.kind.name, o.ref())
	}
	return o, err
}

func (c *client) deleteOne(ctx context.Context, cluster Cluster, o object) error {
	err := cluster.Store.Delete(ctx, o.Kind, o.Key())
	switch {
	case errors.Is(err, store.ErrReadOnly):
		return fmt.Errorf("%s: this store takes no writes: remove %s: %w", o.ref(), o.Source, err)
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return fmt.Errorf("delete %s: %w", o.ref(), err)
	}
	c.printf("%s deleted\n", o.ref())
	if naming := o.naming(); len(naming) > 0 {
		c.warnf("warning: %s still name %s\n", strings.Join(naming, ", "), o.ref())
	}
	c.warnOrigin(o.Record)
	return nil
}
