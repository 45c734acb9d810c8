package cli

import (
	"context"
	"slices"
	"time"

	"github.com/spf13/cobra"
)

// watch prints a table, and then a row for each Route that changed or went,
// until the context ends.
func (c *client) watch(command *cobra.Command, cluster Cluster, names []string, format string) error {
	if format != formatTable && format != formatWide && format != formatName {
		return usage(command, "--watch does not go with -o %s", format)
	}
	ctx := command.Context()
	w := watcher{client: c, format: format, rows: map[string][]string{}}
	return poll(ctx, 4*c.Every, func() (bool, error) {
		objects, err := c.pick(ctx, cluster, names)
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
	format string
	rows   map[string][]string // by key
	header bool
}

// show prints the rows that are new. The age alone is no change. Widths are
// fixed, since the rows to come are not known.
func (w *watcher) show(objects []object) {
	t := table{}
	if !w.header && w.format != formatName {
		t.add(padded(columns(w.format))...)
		w.header = true
	}
	gone := w.rows
	w.rows = map[string][]string{}
	for _, o := range objects {
		key, row := o.Key(), w.row(o, w.format)
		const age = 5
		compared := slices.Delete(slices.Clone(row), age, age+1)
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
		return []string{refOf(key)}
	}
	row = slices.Clone(row)
	row[3] = "Deleted"
	return padded(row)
}

func (w *watcher) shown(o object, row []string) []string {
	if w.format == formatName {
		return []string{o.ref()}
	}
	return padded(row)
}

// padded makes cells as wide as most are, so that rows printed at different
// times stand below each other.
func padded(row []string) []string {
	widths := []int{20, 28, 11, 20, 9}
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
