package interlock

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden file holds a story above, then
//
//	-- service.yaml --   Services, separated by lines of ---
//	-- routes --         what Translate makes of them; go test -update rewrites it
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var got strings.Builder
			for document := range strings.SplitSeq(string(archive.Files[0].Data), "---\n") {
				s := parse(t, document)
				before := maps.Clone(s.Labels)
				writeResult(t, &got, s, Translate(s))
				if d := cmp.Diff(before, s.Labels); d != "" {
					t.Errorf("Translate edited the labels:\n%s", d)
				}
			}
			compareGolden(t, file, archive, got.String())
		})
	}
}

func parse(t *testing.T, document string) Service {
	t.Helper()
	var s Service
	if err := yaml.UnmarshalStrict([]byte(document), &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func compareGolden(t *testing.T, file string, archive *txtar.Archive, got string) {
	t.Helper()
	last := &archive.Files[len(archive.Files)-1]
	if last.Name != "routes" {
		t.Fatal("the file does not end with the section routes")
	}
	if *update {
		last.Data = []byte(got)
		if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff(string(last.Data), got); d != "" {
		t.Errorf("-want +got; if got is right, run make golden\n%s", d)
	}
}

// writeResult prints a Result for people.
func writeResult(t *testing.T, b *strings.Builder, s Service, r Result) {
	t.Helper()
	fmt.Fprintf(b, "# %s\n", s.Name)
	for _, route := range r.Routes {
		checkValid(t, route)
		data, err := yaml.Marshal(map[string]any{"metadata": route.Metadata, "spec": route.Spec})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
	}
	for _, p := range r.Problems {
		fatal := ""
		if p.Fatal {
			fatal = ", fatal"
		}
		fmt.Fprintf(b, "%s%s: %s\n", p.Reason, fatal, p)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(b, "note: %s\n", n)
	}
	for _, f := range r.Fields {
		fmt.Fprintf(b, "%s -> %s\n", f.Label, f.Path)
	}
}

// checkValid allows only what a later version serves.
func checkValid(t *testing.T, r v1alpha1.Route) {
	t.Helper()
	for _, p := range v1alpha1.Validate(&r) {
		if p.Reason != v1alpha1.ReasonUnsupportedValue {
			t.Errorf("%s is not valid: %s", r.Metadata.Name, p)
		}
	}
}
