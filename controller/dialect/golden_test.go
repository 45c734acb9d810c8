package dialect

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/compose"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// A golden file holds a story above, then
//
//	-- compose.yml --   what is deployed as the stack demo
//	-- routes --        the Routes that come out; go test -update rewrites it
//	-- report --        what became of each label; likewise
func TestGolden(t *testing.T) {
	for _, file := range stories(t) {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			services := deploy(t, archive)
			r := Translate(services)
			checkRoutes(t, r)
			checkEntries(t, services, r)
			got := []txtar.File{archive.Files[0], {Name: "routes", Data: []byte(routes(t, r))}, {Name: "report", Data: []byte(report(r))}}
			if *update {
				if err := os.WriteFile(file, txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: got}), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if d := cmp.Diff(string(txtar.Format(archive)), string(txtar.Format(&txtar.Archive{Comment: archive.Comment, Files: got}))); d != "" {
				t.Errorf("-want +got; if got is right, run make golden\n%s", d)
			}
		})
	}
}

func stories(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d golden files, %v", len(files), err)
	}
	return files
}

func deploy(t testing.TB, archive *txtar.Archive) []*labels.Service {
	t.Helper()
	f := compose.File{Name: archive.Files[0].Name, Data: archive.Files[0].Data}
	services, err := compose.Read([]compose.File{f}, "demo", func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	return services
}

// checkRoutes: every Route is valid, apart from what is served later.
func checkRoutes(t *testing.T, r Result) {
	t.Helper()
	names := map[string]bool{}
	for _, route := range r.Routes {
		if names[route.Metadata.Key()] {
			t.Errorf("two Routes are called %s", route.Metadata.Key())
		}
		names[route.Metadata.Key()] = true
		for _, p := range v1alpha1.Validate(labels.Defaulted(&route.Route)) {
			if p.Reason != v1alpha1.ReasonUnsupportedValue {
				t.Errorf("%s: %s", route.Metadata.Key(), p)
			}
		}
	}
}

// checkEntries: of every label of a dialect exactly one Entry speaks, and says
// why where it is lost.
func checkEntries(t *testing.T, services []*labels.Service, r Result) {
	t.Helper()
	for _, d := range All() {
		for _, s := range services {
			claimed := map[string]bool{}
			for _, from := range []map[string]string{s.Labels, s.Container} {
				for label := range from {
					claimed[label] = d.Claims(label)
				}
			}
			for label, is := range claimed {
				if !is {
					continue
				}
				n := 0
				for _, e := range r.Entries {
					if e.Service == s.Name && e.Dialect == d.Name && e.Label == label {
						n++
					}
				}
				if n != 1 {
					t.Errorf("%d entries speak of the label %s of %s", n, label, s.Name)
				}
			}
		}
	}
	for _, e := range r.Entries {
		if (e.Outcome == labels.Lost || e.Outcome == labels.Adapted) && e.Why == "" || e.Outcome == labels.Translated && e.Field == "" {
			t.Errorf("the entry on %s of %s says too little: %+v", e.Label, e.Service, e)
		}
	}
}

func routes(t *testing.T, r Result) string {
	t.Helper()
	var b strings.Builder
	for i, route := range r.Routes {
		if i > 0 {
			b.WriteString("---\n")
		}
		data, err := yaml.Marshal(map[string]any{"metadata": route.Metadata, "spec": route.Spec})
		if err != nil {
			t.Fatal(err)
		}
		b.Write(data)
		for _, label := range route.Open {
			fmt.Fprintf(&b, "# open without %s\n", label)
		}
	}
	return b.String()
}

func report(r Result) string {
	var b strings.Builder
	last := ""
	for _, e := range r.Entries {
		if e.Service != last {
			fmt.Fprintf(&b, "%s (%s)\n", e.Service, e.Dialect)
			last = e.Service
		}
		fmt.Fprintf(&b, "  %s: %s", e.Outcome, e.Label)
		if e.Field != "" {
			fmt.Fprintf(&b, " -> %s", e.Field)
		}
		if e.Why != "" {
			fmt.Fprintf(&b, "\n    %s", e.Why)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func TestThereAreStoriesOfEveryDialect(t *testing.T) {
	count := map[string]int{}
	for _, file := range stories(t) {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range deploy(t, archive) {
			for _, d := range All() {
				if labels.NewSet(s, d.Name, d.Claims) != nil {
					count[d.Name]++
				}
			}
		}
	}
	sum := 0
	for _, name := range Names() {
		sum += count[name]
		if count[name] < 5 {
			t.Errorf("%d services speak %s", count[name], name)
		}
	}
	if sum < 40 {
		t.Errorf("only %d services", sum)
	}
}

// TestNothingDependsOnTheOrderOfMaps: the same services mean the same twice.
func TestNothingDependsOnTheOrderOfMaps(t *testing.T) {
	for _, file := range stories(t) {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		want := Translate(deploy(t, archive))
		for range 3 {
			if d := cmp.Diff(report(want), report(Translate(deploy(t, archive)))); d != "" {
				t.Errorf("%s: twice gives two results:\n%s", file, d)
			}
		}
	}
}
