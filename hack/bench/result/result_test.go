package result

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMedianIsTheMiddleOfTheValuesAndEditsNothing(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   Figure
	}{
		{nil, None()},
		{[]float64{3}, 3},
		{[]float64{9, 1}, 5},
		{[]float64{5, 1, 100}, 5},
		{[]float64{4, 1, 3, 2}, 2.5},
		{[]float64{1, 1, 1, 900, 1}, 1},
	} {
		before := append([]float64(nil), c.values...)
		if got := Median(c.values); got != c.want && (got.Known() || c.want.Known()) {
			t.Errorf("Median(%v) = %v, want %v", c.values, got, c.want)
		}
		if diff := cmp.Diff(before, c.values); diff != "" {
			t.Errorf("Median has edited its argument:\n%s", diff)
		}
	}
}

func TestRatioOfWhatIsMissingIsMissing(t *testing.T) {
	for _, c := range [][2]Figure{{None(), 1}, {1, None()}, {1, 0}, {Figure(math.Inf(1)), 1}} {
		if got := Ratio(c[0], c[1]); got.Known() {
			t.Errorf("Ratio(%v, %v) = %v", c[0], c[1], got)
		}
	}
	if got := Ratio(3, 2); got != 1.5 {
		t.Errorf("Ratio(3, 2) = %v", got)
	}
}

func TestExcessIsHowFarTheSubjectIsAboveItsTarget(t *testing.T) {
	for _, c := range []struct {
		name          string
		absolute      bool
		target, value Figure
		known         bool
		want          Figure
	}{
		{name: "half more than wanted", target: 0.8, value: 1.2, known: true, want: 0.5},
		{name: "met", target: 1, value: 0.75, known: true, want: -0.25},
		{name: "no target", target: None(), value: 1},
		{name: "not measured", target: 1, value: None()},
		{name: "an absolute value", absolute: true, target: 20, value: 30, known: true, want: 0.5},
		{name: "none is allowed", absolute: true, target: 0, value: 7, known: true, want: 7},
	} {
		row := Row{Absolute: c.absolute, Target: c.target, Cells: []Cell{{Server: "us", Median: c.value, Ratio: c.value}}}
		got := row.Excess("us")
		if got.Known() != c.known || c.known && math.Abs(float64(got-c.want)) > 1e-9 {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// example is a run with everything in it that is rendered.
func example() *Run {
	r := &Run{
		Began: time.Date(2026, 11, 22, 4, 5, 6, 0, time.UTC), Seconds: 754, Rounds: 5, Measure: 3,
		Machine: "2 CPUs, Linux 6.18, go1.26", Baseline: "nginx", Subject: "fairlead",
		Servers: []Server{{"nginx", "1.22.1, one worker"}, {"caddy", "v2.11.9"}, {"fairlead", "v0 <dirty>"}},
		Rows: []Row{
			{ID: "S1", Title: "HTTP/1.1", Unit: "µs", Target: 1},
			{ID: "S4 bytes", Title: "passthrough", Unit: "s/GiB", Target: 0.42},
			{ID: "S7 cut", Title: "connections cut", Absolute: true, Target: 0},
			{ID: "S7 change", Title: "a new host answers", Unit: "ms", Absolute: true, Target: 20},
			{ID: "S8 p99", Title: "latency", Unit: "µs", Target: None()},
		},
		Notes: []string{"caddy: no passthrough"},
	}
	for server, values := range map[string][][]float64{
		"nginx":    {{12, 13, 12.5}, {0.6, 0.5, 0.7}, {100, 100, 100}, {334, 300, 400}, {337, 300, 350}},
		"caddy":    {{80, 90, 85}, nil, {0, 0, 0}, {23000, 22000, 24000}, {1479, 1400, 1500}},
		"fairlead": {{6, 6.5, 6.25}, {0.3, 0.3, 0.35}, {0, 1, 2}, {10, 11, 12}, {300, 310, 320}},
	} {
		for i, row := range values {
			for _, v := range row {
				r.Rows[i].Add(server, v)
			}
		}
	}
	r.Complete()
	return r
}

// golden compares with testdata/name, or rewrites it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s, want -, got +; `make golden` rewrites it:\n%s", file, diff)
	}
}

func TestARunIsRenderedAsATableAReportAndAPicture(t *testing.T) {
	golden(t, "table.txt", example().Table())
	golden(t, "report.md", example().Markdown("bench.svg"))
	golden(t, "bench.svg", example().SVG())
}

func TestAQuickRunSaysSo(t *testing.T) {
	r := example()
	r.Quick = true
	if text := r.Markdown(""); !strings.Contains(text, "quick run") || strings.Contains(text, "![") {
		t.Error(text)
	}
}

func TestARunWithoutTheSubjectHasNoTargets(t *testing.T) {
	r := example()
	r.Servers = r.Servers[:2]
	if text := r.Table(); strings.Contains(text, "target") || strings.Contains(text, "≤") {
		t.Error(text)
	}
}

func TestThePictureIsXML(t *testing.T) {
	d := xml.NewDecoder(strings.NewReader(example().SVG()))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestJSONHasNullForWhatIsMissingAndIsReadBack(t *testing.T) {
	text, err := json.Marshal(example())
	if err != nil {
		t.Fatal(err)
	}
	var back Run
	if err := json.Unmarshal(text, &back); err != nil {
		t.Fatal(err)
	}
	if back.Rows[4].Target.Known() || back.Table() != example().Table() {
		t.Errorf("read back it is\n%s", back.Table())
	}
}
