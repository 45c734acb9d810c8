package store

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// contents are all that a directory says but for what it counts: objects with
// their places, and faults.
func contents(t *testing.T, d *Directory) []string {
	t.Helper()
	var all []string
	for _, r := range mustList(t, d) {
		all = append(all, r.Kind+" "+r.Key()+" "+r.ID+" "+r.AppliedBy+"\n"+string(r.Data))
	}
	for _, f := range d.Faults() {
		all = append(all, f.String())
	}
	return all
}

func TestReadingWhatChangedGivesWhatReadingAllGives(t *testing.T) {
	for seed := range uint64(40) {
		random := rand.New(rand.NewPCG(seed, 1))
		dir := t.TempDir()
		d := NewDirectory(dir, nil)
		generations := map[string]int64{}
		for range 25 {
			before := mustList(t, d)
			path := filepath.Join(dir, fmt.Sprintf("%d.yaml", random.IntN(4)))
			if random.IntN(4) == 0 {
				_ = os.Remove(path)
			} else {
				var documents []string
				for range 1 + random.IntN(3) {
					documents = append(documents, routeTo(fmt.Sprintf("r%d", random.IntN(8)), fmt.Sprintf("s%d", random.IntN(3))))
				}
				write(t, path, strings.Join(documents, "---\n"))
			}
			d.scan()
			if got, want := contents(t, d), contents(t, NewDirectory(dir, nil)); !slices.Equal(got, want) {
				t.Fatalf("seed %d: got\n%s\nwant\n%s", seed, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			for _, r := range mustList(t, d) {
				at := slices.IndexFunc(before, func(b *Record) bool { return b.identity() == r.identity() })
				next := generations[r.Name] + 1
				if at >= 0 && string(before[at].Data) == string(r.Data) {
					next--
				}
				if r.Generation != next {
					t.Fatalf("seed %d: %s is generation %d, want %d", seed, r.Name, r.Generation, next)
				}
				generations[r.Name] = r.Generation
			}
		}
	}
}

func TestAnUnchangedListIsTheSameSlice(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "r.yaml"), route("a")+"---\n"+route("b"))
	d := NewDirectory(dir, nil)
	first := mustList(t, d)
	d.scan()
	if again := mustList(t, d); &again[0] != &first[0] {
		t.Error("an unchanged directory gave another list")
	}
	if err := d.WriteStatus(t.Context(), first[1], v1alpha1.Status{ReadyEndpoints: 3}); err != nil {
		t.Fatal(err)
	}
	if first[1].Status != nil {
		t.Error("a list that was given away was edited")
	}
	next := mustList(t, d)
	if next[1].Status == nil || &next[0] == &first[0] {
		t.Error("a status makes no other list")
	}
	write(t, filepath.Join(dir, "new.yaml"), route("c"))
	d.scan()
	if got := keys(t, d); !slices.Equal(got, []string{"a 1", "b 1", "c 1"}) || len(next) != 2 {
		t.Errorf("one more file: %v", got)
	}
}

// BenchmarkOneMoreFile is what a new file costs beside ten thousand objects.
func BenchmarkOneMoreFile(b *testing.B) {
	dir := b.TempDir()
	var many strings.Builder
	for i := range 10_000 {
		many.WriteString("---\n" + route(fmt.Sprintf("r%d", i)))
	}
	if err := os.WriteFile(filepath.Join(dir, "many.yaml"), []byte(many.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	d := NewDirectory(dir, nil)
	d.scan()
	for n := 0; b.Loop(); n++ {
		if err := os.WriteFile(filepath.Join(dir, "new.yaml"), []byte(routeTo("new", fmt.Sprint("s", n))), 0o600); err != nil {
			b.Fatal(err)
		}
		d.scan()
	}
}
