package lastgood

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestWhatIsSavedIsLoaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot.json")
	s := snapshot.Snapshot{Routes: []*snapshot.Route{{Key: "demo", Hosts: []string{"demo.local"}}}}.Seal()
	if err := Save(path, s); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil || cmp.Diff(s, got) != "" {
		t.Errorf("%v\n%s", err, cmp.Diff(s, got))
	}
}

func TestADamagedFileIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "snapshot.json")
	if _, err := Load(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	s := snapshot.Snapshot{Routes: []*snapshot.Route{{Key: "demo", Hosts: []string{"demo.local"}}}}.Seal()
	if err := Save(path, s); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for name, damaged := range map[string]string{
		"cut":    string(data[:len(data)/2]),
		"edited": strings.Replace(string(data), "demo.local", "evil.local", 1),
	} {
		if err := os.WriteFile(path, []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
}
