package dialect

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// FuzzTranslate: no labels make it panic, equal ones give equal results, every
// Route is valid, and every label is spoken of once.
func FuzzTranslate(f *testing.F) {
	for _, file := range stories(f) {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			f.Fatal(err)
		}
		for _, s := range deploy(f, archive) {
			f.Add(text(s.Labels), text(s.Container), s.Replicas)
		}
	}
	f.Fuzz(func(t *testing.T, a, b string, replicas int) {
		services := []*labels.Service{
			{Name: "demo_a", Namespace: "demo", Labels: parse(a), Ports: []int{80}, Networks: []string{"demo_front"}},
			{Name: "demo_b", Namespace: "demo", Container: parse(b), Replicas: replicas},
			{Name: "c", Labels: parse(a), Networks: []string{"one", "two"}},
		}
		r := Translate(services)
		checkRoutes(t, r)
		checkEntries(t, services, r)
		if d := cmp.Diff(report(r), report(Translate(services))); d != "" {
			t.Errorf("twice gives two results:\n%s", d)
		}
	})
}

func text(m map[string]string) string {
	var b strings.Builder
	for name, value := range m {
		b.WriteString(name + "=" + strings.ReplaceAll(value, "\n", " ") + "\n")
	}
	return b.String()
}

func parse(text string) map[string]string {
	m := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		m[name] = value
	}
	return m
}
