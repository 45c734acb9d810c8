package certs

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"fairlead.dev/fairlead/reconcile/plan"
)

func TestASecretIsGeneratedOnceAndKept(t *testing.T) {
	given, own := t.TempDir(), filepath.Join(t.TempDir(), "state", "secrets")
	g := &Generated{Directory: &Directory{Path: given}, Own: own}
	names := func() map[string]string {
		t.Helper()
		w, err := g.Observe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		ids := map[string]string{}
		for _, s := range w.Secrets {
			ids[s.Name] = s.ID
		}
		return ids
	}
	if n := len(names()); n != 0 {
		t.Fatalf("%d secrets before the first", n)
	}
	create := plan.Action{CreateSecret: &plan.NewSecret{Name: "k", Size: 32}}
	if err := g.Act(t.Context(), create); err != nil {
		t.Fatal(err)
	}
	first := names()["k"]
	data, err := g.Secret(t.Context(), first)
	if err != nil || len(data) != 32 || bytes.Equal(data, make([]byte, 32)) {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	info, err := os.Stat(filepath.Join(own, "k"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v %v", info.Mode(), err)
	}
	if err := g.Act(t.Context(), create); err != nil || names()["k"] != first {
		t.Errorf("it was made anew: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(own), ".secret-*")); left != nil {
		t.Error("left behind:", left)
	}
	if err := os.WriteFile(filepath.Join(given, "k"), []byte("the cluster's"), 0o600); err != nil {
		t.Fatal(err)
	}
	if data, err := g.Secret(t.Context(), names()["k"]); err != nil || string(data) != "the cluster's" {
		t.Errorf("a file that was given does not count: %q %v", data, err)
	}
}
