package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// importReport is the report in JSON.
type importReport struct {
	Routes []routeReport  `json:"routes"`
	Labels []labels.Entry `json:"labels"`
	// NotServedYet are fields of Routes that this version does not serve.
	NotServedYet []string `json:"notServedYet,omitempty"`
	Conflicts    []string `json:"conflicts,omitempty"`
}

type routeReport struct {
	Route   string `json:"route"`
	Service string `json:"service"`
	Written bool   `json:"written"`
	// Open are the lost labels that kept requests out.
	Open []string `json:"open,omitempty"`
}

// reportImported writes the report to where it was asked for. A check says only
// what differs, unless it was.
func (c *client) reportImported(i *imported, f importFlags) error {
	switch {
	case f.report == "" && f.check:
		c.summary(c.Err, i, f)
		return nil
	case f.report == "":
		return c.writeReport(c.Err, i, f)
	case f.report == "-":
		return c.writeReport(c.Out, i, f)
	}
	file, err := os.Create(f.report)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := c.writeReport(file, i, f); err != nil {
		return err
	}
	c.summary(c.Err, i, f)
	return file.Close()
}

func (c *client) writeReport(w io.Writer, i *imported, f importFlags) error {
	if f.format == formatJSON {
		encoder := json.NewEncoder(w)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("", "  ")
		return encoder.Encode(newImportReport(i))
	}
	writeEntries(w, i.Entries)
	c.summary(w, i, f)
	return nil
}

func newImportReport(i *imported) importReport {
	r := importReport{Routes: []routeReport{}, Labels: i.Entries, NotServedYet: i.Later, Conflicts: i.conflicts}
	for n, list := range [][]labels.Route{i.Routes, i.withheld} {
		for _, route := range list {
			r.Routes = append(r.Routes, routeReport{routeRef(route.Metadata.Key()), route.Service.Name, n == 0, route.Open})
		}
	}
	return r
}

// writeEntries writes a table for each service and dialect.
func writeEntries(w io.Writer, entries []labels.Entry) {
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].Service == entries[0].Service && entries[n].Dialect == entries[0].Dialect {
			n++
		}
		fmt.Fprintf(w, "service %s (%s)\n", entries[0].Service, entries[0].Dialect)
		t := table{{"OUTCOME", "LABEL", "BECOMES", "WHY"}}
		for _, e := range entries[:n] {
			t.add(string(e.Outcome), e.Label, dash(e.Field), dash(e.Why))
		}
		t.write(w, "  ")
		entries = entries[n:]
	}
}

// summary says how much became what, and what a person has to look at.
func (c *client) summary(w io.Writer, i *imported, f importFlags) {
	for _, r := range i.withheld {
		fmt.Fprintf(w, "not written: %s would let everybody in, because %s is lost; --write-open writes it\n", routeRef(r.Metadata.Key()), strings.Join(r.Open, ", "))
	}
	for _, line := range i.Later {
		fmt.Fprintf(w, "not yet: %s\n", line)
	}
	for _, line := range i.conflicts {
		fmt.Fprintf(w, "conflict: %s\n", line)
	}
	counts := map[labels.Outcome]int{}
	services := map[string]bool{}
	for _, e := range i.Entries {
		counts[e.Outcome]++
		services[e.Service] = true
	}
	verb := "from"
	if f.check {
		verb = "compared, from"
	}
	fmt.Fprintf(w, "%s %s %s: %s, %d translated, %d adapted, %d needless, %d lost\n", count(len(i.Routes), "Route"), verb, count(len(services), "service"),
		count(len(i.Entries), "label"), counts[labels.Translated], counts[labels.Adapted], counts[labels.Needless], counts[labels.Lost])
}
