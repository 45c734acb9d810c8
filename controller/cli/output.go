package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

// The output formats.
const (
	formatTable = "table"
	formatWide  = "wide"
	formatJSON  = "json"
	formatYAML  = "yaml"
	formatName  = "name"
)

// format is the output format, which must be one of allowed, of which the first
// is the default.
func (c *client) format(command *cobra.Command, allowed ...string) (string, error) {
	if c.output == "" {
		return allowed[0], nil
	}
	if !slices.Contains(allowed, c.output) {
		return "", usage(command, "-o %s: must be %s", c.output, strings.Join(allowed, ", "))
	}
	return c.output, nil
}

// table is rows of cells, the first with the names of the columns.
type table [][]string

func (t *table) add(cells ...string) { *t = append(*t, cells) }

// write aligns the columns; indent stands before each row.
func (t table) write(w io.Writer, indent string) {
	tw := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	for _, row := range t {
		for len(row) > 0 && row[len(row)-1] == "" {
			row = row[:len(row)-1]
		}
		fmt.Fprintln(tw, indent+strings.TrimRight(strings.Join(row, "\t"), " "))
	}
	tw.Flush()
}

// addLabels adds the user's own labels, if there are any.
func (t *table) addLabels(own map[string]string) {
	if len(own) > 0 {
		t.add("Labels:", pairs(own))
	}
}

func pairs(m map[string]string) string {
	var out []string
	for _, k := range sortedKeys(m) {
		out = append(out, k+"="+m[k])
	}
	return strings.Join(out, ", ")
}

// print writes v as JSON or YAML.
func (c *client) print(format string, v any) error {
	if format == formatJSON {
		encoder := json.NewEncoder(c.Out)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	data, err := yaml.Marshal(v)
	if err == nil {
		_, err = c.Out.Write(data)
	}
	return err
}

func (c *client) printf(format string, args ...any) { fmt.Fprintf(c.Out, format, args...) }

// warnf says something that is no result to a person.
func (c *client) warnf(format string, args ...any) { fmt.Fprintf(c.Err, format, args...) }

// age is the time since t, in one or two units.
func (c *client) age(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return span(c.Now().Sub(t))
}

func span(d time.Duration) string {
	switch {
	case d < 0:
		return "0s"
	case d < 2*time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < 2*time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

// count is "1 Route", "2 Routes".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// dash stands for what there is not.
func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
