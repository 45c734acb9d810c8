package certs

import (
	"os"
	"path/filepath"
	"testing"
)

func TestAChangedFileIsAnotherSecret(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "demo.cert")
	write := func(data string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	d := Directory{Path: dir}
	observe := func() string {
		t.Helper()
		w, err := d.Observe(t.Context())
		if err != nil || len(w.Secrets) != 1 || w.Secrets[0].Name != "demo.cert" || w.Swarm {
			t.Fatalf("%+v, %v", w, err)
		}
		return w.Secrets[0].ID
	}
	write("one")
	first := observe()
	if again := observe(); again != first {
		t.Errorf("an unchanged file has ID %s and then %s", first, again)
	}
	write("two")
	second := observe()
	if second == first {
		t.Error("a changed file has the same ID")
	}
	if data, err := d.Secret(t.Context(), second); err != nil || string(data) != "two" {
		t.Errorf("got %q, %v", data, err)
	}
	if _, err := d.Secret(t.Context(), first); err == nil {
		t.Error("bytes that are gone were found")
	}
}

func TestAFolderThatCannotBeReadIsAnErrorAndNotEmpty(t *testing.T) {
	d := Directory{Path: filepath.Join(t.TempDir(), "missing")}
	if _, err := d.Observe(t.Context()); err == nil {
		t.Error("no error")
	}
	var none Directory
	if w, err := none.Observe(t.Context()); err != nil || len(w.Secrets) != 0 {
		t.Errorf("without a folder: %+v, %v", w, err)
	}
}
