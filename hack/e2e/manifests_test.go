package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// folder is one of manifests.
type folder struct {
	*testing.T
	dir string
}

// write puts a file there by rename, as tools do.
func (f folder) write(name, manifest string) {
	f.Helper()
	temporary := filepath.Join(filepath.Dir(f.dir), "."+name)
	if err := os.WriteFile(temporary, []byte(manifest), 0o644); err != nil {
		f.Fatal(err)
	}
	if err := os.Rename(temporary, filepath.Join(f.dir, name)); err != nil {
		f.Fatal(err)
	}
}

func (f folder) remove(name string) {
	f.Helper()
	if err := os.Remove(filepath.Join(f.dir, name)); err != nil {
		f.Fatal(err)
	}
}

// routes waits until these are the Routes in the store, by name.
func (o *operator) routes(t *testing.T, want ...string) {
	t.Helper()
	rig.Eventually(t, 30*time.Second, fmt.Sprintf("the Routes are %v", want), func() error {
		got := strings.Fields(o.must(t, "", "get", "routes", "-o", "name"))
		for i := range got {
			got[i] = strings.TrimPrefix(got[i], "route/")
		}
		if !slices.Equal(got, want) {
			return fmt.Errorf("they are %v", got)
		}
		return nil
	})
}

func TestAFolderOfManifestsIsSyncedIntoTheSwarmAndPruned(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	demoService(t, r, "demo", 1, "demo")
	f := folder{t, filepath.Join(t.TempDir(), "manifests")}
	if err := os.Mkdir(f.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	f.write("a.yaml", plain("a", "a.local", "demo"))
	f.write("b.yaml", plain("b", "b.local", "demo"))
	o := start(t, r, 0, "--manifests", f.dir)
	served := func(host string) { t.Helper(); until200(t, o.web("http", host), "/ping") }
	served("a.local")
	served("b.local")
	o.apply(t, plain("hand", "hand.local", "demo"))
	o.routes(t, "a", "b", "hand")

	f.write("a.yaml", plain("a", "a2.local", "demo"))
	served("a2.local")
	if out := o.must(t, "", "history", "route", "a"); strings.Count(out, "a.yaml") != 2 {
		t.Errorf("history:\n%s", out)
	}
	f.remove("b.yaml")
	o.routes(t, "a", "hand")

	// While a file does not parse nothing is pruned: it may hold what is missing.
	f.write("broken.yaml", "kind: [Route\n")
	rig.Eventually(t, 30*time.Second, "the broken file is told of", func() error {
		if log := o.log.tail(1000); !strings.Contains(log, "manifest not taken") || !strings.Contains(log, "broken.yaml") {
			return errNotYet
		}
		return nil
	})
	f.remove("a.yaml")
	f.write("c.yaml", plain("c", "c.local", "demo"))
	served("c.local") // so the folder was synced after a.yaml was removed
	o.routes(t, "a", "c", "hand")
	served("a2.local")
	f.remove("broken.yaml")
	o.routes(t, "c", "hand")

	// What was applied by hand is taken over where a file has it, and goes with
	// the file; it stays where no file has it, also in an empty folder.
	f.write("hand.yaml", plain("hand", "hand2.local", "demo"))
	served("hand2.local")
	f.remove("hand.yaml")
	o.routes(t, "c")
	o.apply(t, plain("other", "other.local", "demo"))
	f.remove("c.yaml")
	o.routes(t, "other")
}
