package cli

import (
	"context"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// kind is what the commands know of a kind of object.
type kind struct {
	// name is as in a manifest; singular and plural are as people type them.
	name, singular, plural string
	// columns are those of a table, and widths how wide most are where rows are
	// printed at different times.
	columns []string
	widths  []int
	// row has a cell for each of columns.
	row func(c *client, o object, format string) []string
	// decode fills in what the Record's data says.
	decode func(o *object)
	// whole is the object with its defaults and what Fairlead wrote.
	whole func(o object) any
	// head adds to the head of a description, and body writes what comes below.
	head func(o object, t *table)
	body func(d *description, w io.Writer)
}

// The columns that every kind has.
const (
	columnStatus = "STATUS"
	columnAge    = "AGE"
)

// kinds are all, sorted by name.
var kinds = []*kind{certificateKind, issuerKind, routeKind}

// kindNamed is the kind of that name, whole, singular or plural; nil for none.
func kindNamed(word string) *kind {
	for _, k := range kinds {
		if slices.Contains([]string{k.name, k.singular, k.plural}, word) {
			return k
		}
	}
	return nil
}

// kindNames are all as people type them.
func kindNames() []string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.singular
	}
	return names
}

// refOf is how people name an object: "route/namespace/name".
func refOf(kind, key string) string { return strings.ToLower(kind) + "/" + key }

func routeRef(key string) string { return refOf(v1alpha1.KindRoute, key) }

// wanted is an object as somebody names it: by its key, or its name alone.
type wanted struct {
	kind *kind
	name string
}

func (w wanted) ref() string { return refOf(w.kind.name, w.name) }

// wantedOf reads "issuer/demo"; a name without a kind is of the given one.
func wantedOf(text string, of *kind) wanted {
	word, name, _ := strings.Cut(text, "/")
	if k := kindNamed(word); k != nil && name != "" {
		return wanted{k, name}
	}
	return wanted{of, text}
}

// selection is what a command is asked about: the objects with these names, or
// all of the kind where there are no names.
type selection struct {
	kind  *kind // nil where none was named
	names []wanted
}

// selectionOf reads "issuers", "issuers demo", "issuer/demo", and "demo", which
// is a Route.
func selectionOf(args []string) selection {
	var s selection
	of := routeKind
	if len(args) > 0 {
		if s.kind = kindNamed(args[0]); s.kind != nil {
			of, args = s.kind, args[1:]
		}
	}
	for _, arg := range args {
		s.names = append(s.names, wantedOf(arg, of))
	}
	return s
}

// orRoutes is s, of Routes where no kind was named.
func (s selection) orRoutes() selection {
	if s.kind == nil {
		s.kind = routeKind
	}
	return s
}

// kinds are those of the objects that are asked about.
func (s selection) kinds() []*kind {
	if len(s.names) == 0 && s.kind != nil {
		return []*kind{s.kind}
	}
	return slices.DeleteFunc(slices.Clone(kinds), func(k *kind) bool {
		return len(s.names) > 0 && !slices.ContainsFunc(s.names, func(w wanted) bool { return w.kind == k })
	})
}

// completeNames completes the names of objects for the shell: of Routes, unless
// a kind stands before.
func (c *client) completeNames(command *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
	s := selectionOf(args).orRoutes()
	prefix, _, _ := strings.Cut(word, "/")
	k, prefix := kindNamed(prefix), prefix+"/"
	if k == nil || !strings.HasPrefix(word, prefix) {
		k, prefix = s.kind, ""
	}
	found, err := c.keysOf(command.Context(), k)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	found = slices.DeleteFunc(found, func(key string) bool { return slices.Contains(s.names, wanted{k, key}) })
	for i := range found {
		found[i] = prefix + found[i]
	}
	return found, cobra.ShellCompDirectiveNoFileComp
}

func (c *client) keysOf(ctx context.Context, k *kind) (keys []string, err error) {
	err = c.with(ctx, func(cluster Cluster) error {
		objects, err := c.pick(ctx, cluster, selection{kind: k})
		for _, o := range objects {
			keys = append(keys, o.Key())
		}
		return err
	})
	return keys, err
}
