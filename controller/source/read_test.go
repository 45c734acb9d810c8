package source

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func named(name string) string { return strings.Replace(good, "name: demo", "name: "+name, 1) }

func TestReadTakesDirectoriesFilesAndStdin(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, map[string]string{
		"b.yaml": named("b"), "sub/a.yml": named("a"), "c.json": named("c"),
		"notes.txt": "x: [", ".hidden.yaml": "x: [", ".git/x.yaml": "x: [", "b.yaml~": "x: [",
	})
	documents, err := Read([]string{dir, "-"}, strings.NewReader(named("z")))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, d := range documents {
		names = append(names, d.Name)
	}
	if diff := cmp.Diff([]string{"b", "c", "a", "z"}, names); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestReadTellsAllThatIsWrong(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write(t, dir, map[string]string{"a.yaml": named("a"), "b.yaml": "x: [", "empty/notes.txt": ""})
	documents, err := Read([]string{"a.yaml", "b.yaml", "a.yaml", "none.yaml", "empty"}, nil)
	want := `b.yaml:1: is no YAML: did not find expected node content
stat none.yaml: no such file or directory
empty: no *.yaml, *.yml or *.json file in this directory
a.yaml:1: metadata.name: Route a stands there twice, first at a.yaml:1`
	if err == nil || len(documents) != 3 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
