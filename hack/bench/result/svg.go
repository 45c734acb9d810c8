package result

import (
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// Sizes of the picture in pixels. Every row of the run that has ratios is a
// band of bars, one a server.
const (
	svgWidth   = 860
	svgLeft    = 250 // where the names end
	svgRight   = 70  // room for the figures
	svgTop     = 64
	svgBar     = 13
	svgGap     = 14
	svgAxis    = 22
	svgSpanMin = 0.25
)

// colors are of the servers in their order; the baseline is grey.
var colors = []string{"#2f6fdb", "#d9822b", "#2a9d63", "#9b59b6", "#c0392b", "#16a2a2", "#8d6e63"}

// SVG renders the ratios as bars on a logarithmic axis around 1.00: a bar to the
// left is cheaper than the baseline, one to the right dearer.
func (r *Run) SVG() string {
	rows := r.ratioRows()
	height := svgTop + svgAxis
	for _, row := range rows {
		height += r.bars(row)*svgBar + svgGap
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %[1]d %[2]d" font-family="sans-serif" font-size="11">`+"\n", svgWidth, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", svgWidth, height)
	fmt.Fprintf(&b, `<text x="12" y="20" font-size="14" font-weight="bold">CPU time and latency against %s = 1.00, logarithmic; to the left is less</text>`+"\n", escape(r.Baseline))
	r.legend(&b)
	scale := newScale(r, rows)
	scale.grid(&b, height)
	y := svgTop + svgAxis
	for _, row := range rows {
		y = r.band(&b, row, scale, y) + svgGap
	}
	b.WriteString("</svg>\n")
	return b.String()
}

// ratioRows are the rows with at least one ratio beside the baseline's.
func (r *Run) ratioRows() []*Row {
	var rows []*Row
	for i := range r.Rows {
		if r.bars(&r.Rows[i]) > 0 {
			rows = append(rows, &r.Rows[i])
		}
	}
	return rows
}

// bars is the number of bars of a row.
func (r *Run) bars(row *Row) int {
	n := 0
	for _, s := range r.Servers {
		if s.Name != r.Baseline && row.Cell(s.Name).Ratio.Known() {
			n++
		}
	}
	return n
}

func (r *Run) color(server string) string {
	n := 0
	for _, s := range r.Servers {
		if s.Name == server {
			return colors[n%len(colors)]
		}
		if s.Name != r.Baseline {
			n++
		}
	}
	return "#888"
}

func (r *Run) legend(b *strings.Builder) {
	x := 12
	for _, s := range r.Servers {
		if s.Name == r.Baseline {
			continue
		}
		fmt.Fprintf(b, `<rect x="%d" y="32" width="10" height="10" fill="%s"/><text x="%d" y="41">%s</text>`+"\n", x, r.color(s.Name), x+14, escape(s.Name))
		x += 30 + 7*len(s.Name)
	}
}

// band draws one row from y on and returns where it ends.
func (r *Run) band(b *strings.Builder, row *Row, scale scale, y int) int {
	fmt.Fprintf(b, `<text x="12" y="%d"><tspan font-weight="bold">%s</tspan> %s</text>`+"\n", y+svgBar-3, escape(row.ID), escape(row.Title))
	for _, s := range r.Servers {
		ratio := row.Cell(s.Name).Ratio
		if s.Name == r.Baseline || !ratio.Known() {
			continue
		}
		one, at := scale.x(1), scale.x(ratio)
		fmt.Fprintf(b, `<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>`, min(one, at), y, max(math.Abs(at-one), 1), svgBar-2, r.color(s.Name))
		anchor, beside := "start", at+4
		if at < one {
			anchor, beside = "end", at-4
		}
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="%s">%.2f</text>`+"\n", beside, y+svgBar-3, anchor, ratio)
		y += svgBar
	}
	return y
}

// scale maps ratios to pixels.
type scale struct{ least, greatest float64 }

func newScale(r *Run, rows []*Row) scale {
	s := scale{svgSpanMin, 2}
	for _, row := range rows {
		for _, c := range row.Cells {
			if c.Ratio.Known() && c.Ratio > 0 {
				s.least, s.greatest = min(s.least, float64(c.Ratio)), max(s.greatest, float64(c.Ratio))
			}
		}
	}
	return s
}

func (s scale) x(ratio Figure) float64 {
	value := max(float64(ratio), s.least)
	part := math.Log(value/s.least) / math.Log(s.greatest/s.least)
	return svgLeft + part*(svgWidth-svgLeft-svgRight)
}

// grid draws a line at every power of two.
func (s scale) grid(b *strings.Builder, height int) {
	for power := math.Ceil(math.Log2(s.least)); power <= math.Log2(s.greatest); power++ {
		x, color := s.x(Figure(math.Exp2(power))), "#ddd"
		if power == 0 {
			color = "#555"
		}
		fmt.Fprintf(b, `<line x1="%.1f" y1="%d" x2="%.1f" y2="%d" stroke="%s"/>`, x, svgTop, x, height, color)
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle" fill="#555">%g</text>`+"\n", x, svgTop-4, math.Exp2(power))
	}
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // A Builder never fails.
	return b.String()
}
