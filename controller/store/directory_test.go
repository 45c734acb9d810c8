package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func route(name string) string { return routeTo(name, "web") }

func routeTo(name, service string) string {
	return fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: %s}
spec: {hosts: [%s.local], backend: {service: %s, port: 80}}
`, name, name, service)
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// watched is a Directory that runs until the test ends.
func watched(t *testing.T, dir string) *Directory {
	t.Helper()
	d := NewDirectory(dir, nil)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		if err := d.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() { cancel(); running.Wait() })
	return d
}

// keys are "kind key generation" of all objects.
func keys(t *testing.T, d *Directory) []string {
	t.Helper()
	var keys []string
	for _, r := range mustList(t, d) {
		keys = append(keys, fmt.Sprintf("%s %d", r.Key(), r.Generation))
	}
	return keys
}

// wait waits for signals until the objects are those wanted.
func wait(t *testing.T, d *Directory, want ...string) {
	t.Helper()
	limit := time.After(30 * time.Second)
	for got := keys(t, d); !slices.Equal(got, want); got = keys(t, d) {
		select {
		case <-d.Changed():
		case <-limit:
			t.Fatalf("objects %v, want %v; faults %v", got, want, d.Faults())
		}
	}
}

func TestADirectoryIsReadWithoutRun(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "two.yaml"), "# both\n"+route("b")+"---\n"+route("a"))
	write(t, filepath.Join(dir, "deeper", "c.yml"), route("c"))
	write(t, filepath.Join(dir, ".hidden.yaml"), route("d"))
	write(t, filepath.Join(dir, "notes.txt"), "no manifest")
	d := NewDirectory(dir, nil)
	records := mustList(t, d)
	var got []string
	for _, r := range records {
		got = append(got, r.Key()+" "+strings.TrimPrefix(r.Source, dir))
	}
	if want := []string{"a /two.yaml:7", "b /two.yaml:2", "c /deeper/c.yml:1"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if len(d.Faults()) != 0 {
		t.Errorf("faults %v", d.Faults())
	}
}

func TestADirectoryTakesNoWrites(t *testing.T) {
	d := NewDirectory(t.TempDir(), nil)
	if _, err := d.Put(t.Context(), manifest("a", "")); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
	if err := d.Delete(t.Context(), "Route", "a"); !errors.Is(err, ErrReadOnly) {
		t.Error(err)
	}
}

func TestChangesAreSeen(t *testing.T) {
	dir := t.TempDir()
	d := watched(t, dir)
	one := filepath.Join(dir, "one.yaml")
	write(t, one, route("a"))
	wait(t, d, "a 1")

	t.Run("an edit is the next generation", func(t *testing.T) {
		write(t, one, routeTo("a", "other"))
		wait(t, d, "a 2")
	})
	t.Run("an editor renames over the file", func(t *testing.T) {
		write(t, one+"~", routeTo("a", "third"))
		if err := os.Rename(one+"~", one); err != nil {
			t.Fatal(err)
		}
		wait(t, d, "a 3")
	})
	t.Run("a folder appears with a file in it", func(t *testing.T) {
		write(t, filepath.Join(dir, "sub", "b.yaml"), route("b"))
		wait(t, d, "a 3", "b 1")
		write(t, filepath.Join(dir, "sub", "b.yaml"), routeTo("b", "other"))
		wait(t, d, "a 3", "b 2")
	})
	t.Run("a file that goes takes its objects along", func(t *testing.T) {
		if err := os.Remove(one); err != nil {
			t.Fatal(err)
		}
		wait(t, d, "b 2")
	})
	t.Run("what comes back counts on", func(t *testing.T) {
		write(t, one, route("a"))
		wait(t, d, "a 4", "b 2")
	})
}

func TestADirectoryMayAppearLaterAndBeSwapped(t *testing.T) {
	base := t.TempDir()
	dir := filepath.Join(base, "current")
	d := watched(t, dir)
	wait(t, d)
	if f := d.Faults(); len(f) != 1 || f[0].Source != dir {
		t.Errorf("faults %v", f)
	}
	write(t, filepath.Join(base, "v1", "r.yaml"), route("a")+"---\n"+route("b"))
	write(t, filepath.Join(base, "v2", "r.yaml"), routeTo("a", "other"))
	if err := os.Symlink("v1", dir); err != nil {
		t.Fatal(err)
	}
	wait(t, d, "a 1", "b 1")
	if err := os.Symlink("v2", dir+".new"); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir+".new", dir); err != nil {
		t.Fatal(err)
	}
	wait(t, d, "a 2")
	if got := mustList(t, d)[0].Source; got != filepath.Join(dir, "r.yaml")+":1" {
		t.Errorf("source %s", got)
	}
}

func TestAHalfWrittenFileTakesNothingAway(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "r.yaml")
	write(t, file, route("a")+"---\n"+route("b"))
	d := NewDirectory(dir, nil)
	if got := keys(t, d); !slices.Equal(got, []string{"a 1", "b 1"}) {
		t.Fatalf("objects %v", got)
	}
	write(t, file, routeTo("a", "other")+"---\napiVersion: fairlead.dev/v1alpha1\nkind: Rou\n  bad")
	d.scan()
	if got := keys(t, d); !slices.Equal(got, []string{"a 2", "b 1"}) {
		t.Errorf("objects %v", got)
	}
	faults := d.Faults()
	if len(faults) == 0 || !strings.HasPrefix(faults[0].Source, file+":") {
		t.Errorf("faults %v", faults)
	}
	write(t, file, "")
	d.scan()
	if got := keys(t, d); !slices.Equal(got, []string{"a 2", "b 1"}) {
		t.Errorf("emptied a moment ago: %v", got)
	}
	write(t, file, routeTo("a", "other"))
	d.scan()
	if got := keys(t, d); !slices.Equal(got, []string{"a 2"}) || len(d.Faults()) != 0 {
		t.Errorf("whole again: %v, %v", got, d.Faults())
	}
}

func TestAFileThatStaysEmptyIsEmpty(t *testing.T) {
	dir := t.TempDir()
	d := watched(t, dir)
	write(t, filepath.Join(dir, "r.yaml"), route("a"))
	wait(t, d, "a 1")
	write(t, filepath.Join(dir, "r.yaml"), "")
	wait(t, d)
}

func TestADirectoryThatIsGoneKeepsItsObjects(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "m")
	write(t, filepath.Join(dir, "r.yaml"), route("a"))
	d := NewDirectory(dir, nil)
	mustList(t, d)
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	d.scan()
	if got := keys(t, d); !slices.Equal(got, []string{"a 1"}) || len(d.Faults()) != 1 {
		t.Errorf("%v, %v", got, d.Faults())
	}
}

func TestAnObjectInTwoFilesIsThatOfTheFirst(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "1.yaml"), routeTo("a", "first"))
	write(t, filepath.Join(dir, "2.yaml"), routeTo("a", "second"))
	d := NewDirectory(dir, nil)
	records := mustList(t, d)
	if len(records) != 1 || !strings.Contains(string(records[0].Data), "first") {
		t.Errorf("objects %+v", records)
	}
	if f := d.Faults(); len(f) != 1 || f[0].Source != filepath.Join(dir, "2.yaml")+":1" {
		t.Errorf("faults %v", f)
	}
}

func TestADirectoryKeepsStatusAndHistoryInMemory(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "r.yaml")
	write(t, file, route("a"))
	d := NewDirectory(dir, nil)
	first := mustList(t, d)[0]
	if err := d.WriteStatus(t.Context(), first, v1alpha1.Status{ReadyEndpoints: 3}); err != nil {
		t.Fatal(err)
	}
	write(t, file, routeTo("a", "other"))
	d.scan()
	now := mustList(t, d)[0]
	if now.Status == nil || now.Status.ReadyEndpoints != 3 || !now.Created.Equal(first.Created) {
		t.Errorf("now %+v", now)
	}
	if err := d.WriteStatus(t.Context(), first, v1alpha1.Status{}); !errors.Is(err, ErrConflict) {
		t.Errorf("a stale record gave %v", err)
	}
	history, err := d.History(t.Context(), "Route", "a")
	if err != nil || len(history) != 2 || history[1].Generation != 1 {
		t.Errorf("history %+v, %v", history, err)
	}
	if err := d.Prune(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if history, _ = d.History(t.Context(), "Route", "a"); len(history) != 1 {
		t.Errorf("pruned to %d", len(history))
	}
}

func TestARelativeDirectoryAppearsLater(t *testing.T) {
	t.Chdir(t.TempDir())
	d := NewDirectory("manifests", nil)
	for _, name := range []string{"manifests", "./manifests", "manifests/r.yaml"} {
		if !d.concerns(name) {
			t.Errorf("%s is no concern", name)
		}
	}
	if d.concerns("./other") {
		t.Error("what is beside it is a concern")
	}
}
