// Package result is what a benchmark run found: the values of every server in
// every row, their medians and ratios, and their rendering as a table, JSON,
// Markdown and a picture.
//
// A row is one thing that was measured, such as the CPU time of a request. Its
// cells hold one value a round for each server. What counts is the median, and
// its ratio to the median of the baseline server in the same row: absolute
// times mean little on a shared machine, while the rounds of one row are
// interleaved and see the same noise.
package result

import (
	"encoding/json"
	"math"
	"slices"
	"time"
)

// Run is a whole run.
type Run struct {
	Began   time.Time `json:"began"`
	Seconds float64   `json:"seconds"`
	Quick   bool      `json:"quick"`
	Rounds  int       `json:"rounds"`
	// Measure is how long one measurement took, in seconds.
	Measure float64 `json:"measureSeconds"`
	// Machine describes where it ran, in a line.
	Machine string `json:"machine"`
	// Servers are the columns, in the order of the tables.
	Servers []Server `json:"servers"`
	// Baseline is the server whose cells are 1.00, Subject the one that has
	// targets.
	Baseline string `json:"baseline"`
	Subject  string `json:"subject"`
	Rows     []Row  `json:"rows"`
	// Profiles say where the subject's time goes.
	Profiles []Profile `json:"profiles,omitempty"`
	// Notes are remarks for the reader, in Markdown without line breaks.
	Notes []string `json:"notes,omitempty"`
}

// Server is one that was compared.
type Server struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Profile is a CPU profile of the subject in a scenario.
type Profile struct {
	Scenario string `json:"scenario"`
	// File is where the whole profile is, beside the report.
	File string `json:"file"`
	// Top is a table of the functions in which most of the time was spent.
	Top string `json:"top"`
}

// Row is one thing that was measured of all servers.
type Row struct {
	// ID begins with the scenario: "S4 bytes".
	ID    string `json:"id"`
	Title string `json:"title"`
	// Unit is of the values: "µs", "s/GiB", "ms", "MiB", "×".
	Unit string `json:"unit"`
	// Absolute rows are read as they are; they have no ratios.
	Absolute bool `json:"absolute,omitempty"`
	// Target is the most that the subject may have: a ratio to the baseline, or
	// in absolute rows a value. NaN in Go and absent in JSON is none.
	Target Figure `json:"target"`
	Cells  []Cell `json:"cells"`
}

// Cell is what was measured of one server.
type Cell struct {
	Server string    `json:"server"`
	Values []float64 `json:"values"`
	Median Figure    `json:"median"`
	// Ratio is the median over that of the baseline.
	Ratio Figure `json:"ratio"`
}

// Figure is a number that may be missing, which is NaN in Go and null in JSON.
type Figure float64

// None is the figure that is missing.
func None() Figure { return Figure(math.NaN()) }

// Known says whether there is a figure.
func (f Figure) Known() bool { return !math.IsNaN(float64(f)) && !math.IsInf(float64(f), 0) }

// MarshalJSON writes null for a missing figure.
func (f Figure) MarshalJSON() ([]byte, error) {
	if !f.Known() {
		return []byte("null"), nil
	}
	return json.Marshal(float64(f))
}

// UnmarshalJSON reads null as a missing figure.
func (f *Figure) UnmarshalJSON(text []byte) error {
	if string(text) == "null" {
		*f = None()
		return nil
	}
	return json.Unmarshal(text, (*float64)(f))
}

// Median returns the middle value, or the mean of the two in the middle; of no
// values it is missing.
func Median(values []float64) Figure {
	if len(values) == 0 {
		return None()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return Figure(sorted[middle])
	}
	return Figure((sorted[middle-1] + sorted[middle]) / 2)
}

// Ratio returns a over b, missing if either is or b is 0.
func Ratio(a, b Figure) Figure {
	if !a.Known() || !b.Known() || b == 0 {
		return None()
	}
	return a / b
}

// Complete computes medians and ratios of all rows.
func (r *Run) Complete() {
	for i := range r.Rows {
		row := &r.Rows[i]
		for c := range row.Cells {
			row.Cells[c].Median = Median(row.Cells[c].Values)
			row.Cells[c].Ratio = None()
		}
		if row.Absolute {
			continue
		}
		base := row.Cell(r.Baseline).Median
		for c := range row.Cells {
			row.Cells[c].Ratio = Ratio(row.Cells[c].Median, base)
		}
	}
}

// Cell returns the cell of a server, an empty one if it took no part.
func (r *Row) Cell(server string) Cell {
	for _, c := range r.Cells {
		if c.Server == server {
			return c
		}
	}
	return Cell{Server: server, Median: None(), Ratio: None()}
}

// Add appends a value to the cell of a server.
func (r *Row) Add(server string, value float64) {
	for i := range r.Cells {
		if r.Cells[i].Server == server {
			r.Cells[i].Values = append(r.Cells[i].Values, value)
			return
		}
	}
	r.Cells = append(r.Cells, Cell{Server: server, Values: []float64{value}, Median: None(), Ratio: None()})
}

// Excess is by how much the subject is above the target of the row, as a part
// of the target: 0.5 is half more than wanted. It is negative where the target
// is met, and missing where there is none.
func (r *Row) Excess(subject string) Figure {
	c := r.Cell(subject)
	got := c.Ratio
	if r.Absolute {
		got = c.Median
	}
	if r.Target == 0 && got.Known() {
		return got // Any is too many: there is no part of nothing.
	}
	return Ratio(got-r.Target, r.Target)
}
