package archtest

import (
	"slices"
	"strings"
	"testing"
)

// rule says what of ours the packages in and below a folder may import beside
// each other. The first rule whose folder fits counts.
type rule struct {
	folder string
	may    []string
	// tests is what their tests may import, too, beside what every test may.
	tests []string
	why   string
}

var rules = []rule{
	{"api/v1alpha1", nil, nil, "what a user writes depends on nothing"},
	{"api/snapshot", nil, nil, "what is served depends on nothing"},
	{"reconcile/interlock", []string{"api/v1alpha1"}, nil, "labels in, Routes out"},
	{"reconcile/plan", []string{"api", "reconcile/interlock"}, nil, "the decision is pure"},
	{"reconcile", []string{"api"}, nil, "the loop knows neither Swarm nor the data plane, only its own interfaces"},
	{"dataplane", []string{"api/snapshot"}, nil, "a data plane knows nothing of where a Snapshot comes from"},
	{"controller", []string{"api", "reconcile", "dataplane", "manifests"}, nil, "the product does not need its tests"},
	{"manifests", []string{"api"}, []string{"controller/source"}, "what is shipped is text"},
	{"hack", []string{"api", "reconcile", "dataplane", "controller", "manifests"}, nil, ""},
}

// forTests is what every test may import, too.
var forTests = []string{"hack", "manifests"}

func ruleFor(dir string) (rule, bool) {
	for _, r := range rules {
		if within(dir, r.folder) {
			return r, true
		}
	}
	return rule{}, false
}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	for _, f := range parse(t) {
		r, ok := ruleFor(f.dir)
		if !ok {
			t.Errorf("%s is in no folder that the rules know", f.name)
			continue
		}
		may := append([]string{r.folder}, r.may...)
		if f.test {
			may = append(append(may, forTests...), r.tests...)
		}
		for _, i := range f.imports() {
			if dir, ok := ours(i); ok && !within(dir, may...) {
				t.Errorf("%s imports %s: %s", f.name, dir, r.why)
			}
		}
	}
}

// talkers are the only folders whose packages may import what starts with a
// path, in tests too.
var talkers = []struct{ prefix, folder, why string }{
	{"github.com/docker/docker", "controller/swarm", "all of Docker is one package, so that the rest can be tested without it"},
	{"github.com/spf13/cobra", "controller", "flags are wiring"},
	{"github.com/fsnotify", "controller/store", "a directory is a store"},
}

func TestOnlyOnePackageTalksToDocker(t *testing.T) {
	for _, f := range parse(t) {
		for _, i := range f.imports() {
			for _, talker := range talkers {
				if strings.HasPrefix(i, talker.prefix) && !within(f.dir, talker.folder) {
					t.Errorf("%s imports %s, which only %s may: %s", f.name, i, talker.folder, talker.why)
				}
			}
		}
	}
}

func TestPlanReadsNoClock(t *testing.T) {
	banned := []string{"context", "log/slog", "math/rand", "math/rand/v2", "os"}
	for _, f := range parse(t) {
		if f.test || f.dir != "reconcile/plan" {
			continue
		}
		for _, i := range f.imports() {
			if slices.Contains(banned, i) {
				t.Errorf("%s imports %s: a Plan depends on its Input and on nothing else", f.name, i)
			}
		}
		for _, call := range []string{"time.Now", "time.Since", "time.Until"} {
			if mentions(f, call) {
				t.Errorf("%s calls %s: a Plan depends on its Input and on nothing else", f.name, call)
			}
		}
	}
}
