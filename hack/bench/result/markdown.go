package result

import (
	"fmt"
	"strings"
	"time"
)

// Markdown renders the run as a report. picture is the address of the SVG, ""
// for none.
func (r *Run) Markdown(picture string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Benchmark of %s\n\n", r.Began.UTC().Format(time.DateOnly))
	fmt.Fprintf(&b, "%s. %d rounds of %.3g s, interleaved, their order reversed each time; medians. ", r.Machine, r.Rounds, r.Measure)
	fmt.Fprintf(&b, "CPU time is that of the server's whole process tree over completed work; a plain number is the ratio to %s = 1.00, and smaller is better. ", r.Baseline)
	fmt.Fprintf(&b, "The run took %s.\n\n", (time.Duration(r.Seconds) * time.Second).String())
	if r.Quick {
		b.WriteString("**This was a quick run: it shows that everything works, not what it costs.**\n\n")
	}
	if picture != "" {
		fmt.Fprintf(&b, "![Bars: the table below as a picture](%s)\n\n", picture)
	}
	markdownTable(&b, r.grid())
	b.WriteString("\n## Values\n\nMedian, and in parentheses the least and the greatest of the rounds.\n\n")
	markdownTable(&b, r.values())
	b.WriteString("\n## Servers\n\n")
	for _, s := range r.Servers {
		fmt.Fprintf(&b, "- %s: %s\n", s.Name, s.Version)
	}
	if len(r.Profiles) > 0 {
		fmt.Fprintf(&b, "\n## Where the time of %s goes\n\nA CPU profile of one more run of each scenario, which is not among the values.\n", r.Subject)
	}
	for _, p := range r.Profiles {
		fmt.Fprintf(&b, "\n%s ([%s](%s)):\n\n```\n%s\n```\n", p.Scenario, p.File, p.File, strings.TrimRight(p.Top, "\n"))
	}
	if len(r.Notes) > 0 {
		b.WriteString("\n## Notes\n\n")
		for _, n := range r.Notes {
			fmt.Fprintf(&b, "- %s\n", n)
		}
	}
	return b.String()
}

func markdownTable(b *strings.Builder, lines [][]string) {
	for i, line := range lines {
		fmt.Fprintf(b, "| %s |\n", strings.Join(line, " | "))
		if i == 0 {
			b.WriteString(strings.Repeat("| --- ", len(line)) + "|\n")
		}
	}
}

// values is the table of what was measured, without ratios.
func (r *Run) values() [][]string {
	heading := []string{"", "unit"}
	for _, s := range r.Servers {
		heading = append(heading, s.Name)
	}
	lines := [][]string{heading}
	for i := range r.Rows {
		row := &r.Rows[i]
		line := []string{row.ID, row.Unit}
		for _, s := range r.Servers {
			line = append(line, spread(row.Cell(s.Name)))
		}
		lines = append(lines, line)
	}
	return lines
}

func spread(c Cell) string {
	if len(c.Values) < 2 {
		return number(c.Median)
	}
	least, greatest := c.Values[0], c.Values[0]
	for _, v := range c.Values {
		least, greatest = min(least, v), max(greatest, v)
	}
	return fmt.Sprintf("%s (%s to %s)", number(c.Median), number(Figure(least)), number(Figure(greatest)))
}
