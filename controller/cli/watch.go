package cli

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// watch prints a table, and then a row for each object that changed or went,
// until the context ends.
func (c *client) watch(command *cobra.Command, cluster Cluster, s selection, format string) error {
	if format != formatTable && format != formatWide && format != formatName {
		return usage(command, "--watch does not go with -o %s", format)
	}
	if len(s.kinds()) > 1 {
		return usage(command, "--watch shows objects of one kind")
	}
	ctx := command.Context()
	w := watcher{client: c, kind: s.kinds()[0], format: format, rows: map[string][]string{}}
	return poll(ctx, 4*c.Every, func() (bool, error) {
		objects, err := c.pick(ctx, cluster, s)
		if err == nil {
			w.show(objects)
		}
		return false, err
	})
}

// poll calls look until it is done or fails, or the context ends, which is no
// error: the person who watched has seen enough.
func poll(ctx context.Context, every time.Duration, look func() (done bool, err error)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		done, err := look()
		if ctx.Err() != nil {
			return nil
		}
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// watcher remembers what it showed.
type watcher struct {
	*client
	kind   *kind
	format string
	rows   map[string][]string // by key
	header bool
}

// show prints the rows that are new. The age alone is no change. Widths are
// fixed, since the rows to come are not known.
func (w *watcher) show(objects []object) {
	t := table{}
	if !w.header && w.format != formatName {
		t.add(w.padded(columns(w.kind, w.format))...)
		w.header = true
	}
	gone := w.rows
	w.rows = map[string][]string{}
	for _, o := range objects {
		key, row := o.Key(), w.row(o, w.format)
		age := slices.Index(w.kind.columns, columnAge)
		compared := slices.Clone(row)
		compared[age] = ""
		if !slices.Equal(compared, gone[key]) {
			t.add(w.shown(o, row)...)
		}
		delete(gone, key)
		w.rows[key] = compared
	}
	for _, key := range sortedKeys(gone) {
		t.add(w.deleted(key, gone[key])...)
	}
	t.write(w.Out, "")
}

func (w *watcher) deleted(key string, row []string) []string {
	if w.format == formatName {
		return []string{refOf(w.kind.name, key)}
	}
	row = slices.Clone(row)
	row[slices.Index(w.kind.columns, columnStatus)] = "Deleted"
	return w.padded(row)
}

func (w *watcher) shown(o object, row []string) []string {
	if w.format == formatName {
		return []string{o.ref()}
	}
	return w.padded(row)
}

// padded makes cells as wide as most are, so that rows printed at different
// times stand below each other.
func (w *watcher) padded(row []string) []string {
	widths := w.kind.widths
	row = slices.Clone(row)
	for i := range min(len(row), len(widths)) {
		for len(row[i]) < widths[i] {
			row[i] += " "
		}
	}
	return row
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
