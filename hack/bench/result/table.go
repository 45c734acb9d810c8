package result

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// number formats a value with about three digits.
func number(f Figure) string {
	switch {
	case !f.Known():
		return "–"
	case f == 0:
		return "0"
	case f < 0.1:
		return fmt.Sprintf("%.3f", f)
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	default:
		return fmt.Sprintf("%.0f", f)
	}
}

// amount is a value with its unit.
func amount(f Figure, unit string) string {
	if !f.Known() || unit == "" {
		return number(f)
	}
	return number(f) + " " + unit
}

// text is what stands in a cell: the ratio, and beside that of the baseline the
// value; or only the value where there are no ratios.
func (r *Run) text(row *Row, server string) string {
	c := row.Cell(server)
	if row.Absolute || !c.Ratio.Known() {
		return amount(c.Median, row.Unit)
	}
	if server == r.Baseline {
		return fmt.Sprintf("%.2f (%s)", c.Ratio, amount(c.Median, row.Unit))
	}
	return fmt.Sprintf("%.2f", c.Ratio)
}

// verdict says how the subject stands to the target.
func (r *Run) verdict(row *Row) (target, verdict string) {
	if !row.Target.Known() {
		return "", ""
	}
	target = fmt.Sprintf("≤ %.2f", row.Target)
	if row.Absolute {
		target = "≤ " + strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", row.Target), "0"), ".") + " " + row.Unit
	}
	excess := row.Excess(r.Subject)
	switch {
	case !excess.Known():
		return strings.TrimSpace(target), "not measured"
	case excess <= 0:
		return strings.TrimSpace(target), "met"
	case row.Target == 0:
		return strings.TrimSpace(target), "missed"
	default:
		return strings.TrimSpace(target), fmt.Sprintf("missed by %.0f %%", excess*100)
	}
}

// grid is the table of the run as text: a heading, then a line for each row,
// with the targets if the subject took part.
func (r *Run) grid() [][]string {
	heading := []string{"", "what"}
	for _, s := range r.Servers {
		heading = append(heading, s.Name)
	}
	judged := slices.ContainsFunc(r.Servers, func(s Server) bool { return s.Name == r.Subject })
	if judged {
		heading = append(heading, "target", r.Subject)
	}
	lines := [][]string{heading}
	for i := range r.Rows {
		row := &r.Rows[i]
		line := []string{row.ID, row.Title}
		for _, s := range r.Servers {
			line = append(line, r.text(row, s.Name))
		}
		if judged {
			target, verdict := r.verdict(row)
			line = append(line, target, verdict)
		}
		lines = append(lines, line)
	}
	return lines
}

// Table renders the run for a terminal.
func (r *Run) Table() string {
	lines := r.grid()
	width := make([]int, len(lines[0]))
	for _, line := range lines {
		for i, cell := range line {
			width[i] = max(width[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, line := range lines {
		var padded []string
		for i, cell := range line {
			padded = append(padded, cell+strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString(strings.TrimRight(strings.Join(padded, "  "), " ") + "\n")
	}
	return b.String()
}
