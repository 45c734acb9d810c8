package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const origin = "manifests:test"

// stored are "key origin" of all objects.
func stored(t *testing.T, c *Configs) []string {
	t.Helper()
	var all []string
	for _, r := range mustList(t, c) {
		all = append(all, fmt.Sprintf("%s %s", r.Key(), r.Origin))
	}
	return all
}

func TestSyncPutsAndPrunesWhatIsItsOwn(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "r.yaml")
	d, c := NewDirectory(dir, nil), NewConfigs(newFakeSwarm(), ConfigsOptions{})
	mustPut(t, c, manifest("persons", "x"))
	sync := func(want ...string) {
		t.Helper()
		d.scan()
		if err := Sync(t.Context(), d, c, origin); err != nil {
			t.Fatal(err)
		}
		if got := stored(t, c); !slices.Equal(got, want) {
			t.Errorf("stored %q, want %q", got, want)
		}
	}
	write(t, file, route("a")+"---\n"+route("b"))
	sync("a "+origin, "b "+origin, "persons ")
	write(t, file, route("a")+"---\n"+route("persons"))
	sync("a "+origin, "persons "+origin)
	write(t, file, route("a"))
	sync("a " + origin)
	sync("a " + origin)
	if history, err := c.History(t.Context(), "Route", "a"); err != nil || len(history) != 1 {
		t.Errorf("four syncs of one manifest made %d generations, %v", len(history), err)
	}
}

func TestSyncPrunesNothingWhileAFileCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	c := NewConfigs(newFakeSwarm(), ConfigsOptions{})
	write(t, filepath.Join(dir, "1.yaml"), route("a"))
	if err := Sync(t.Context(), NewDirectory(dir, nil), c, origin); err != nil {
		t.Fatal(err)
	}
	// A start anew knows nothing of what the broken file held.
	write(t, filepath.Join(dir, "1.yaml"), "kind: [")
	write(t, filepath.Join(dir, "2.yaml"), route("b"))
	if err := Sync(t.Context(), NewDirectory(dir, nil), c, origin); err != nil {
		t.Fatal(err)
	}
	if got, want := stored(t, c), []string{"a " + origin, "b " + origin}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	if err := Sync(t.Context(), NewDirectory(filepath.Join(dir, "gone"), nil), c, origin); err != nil {
		t.Fatal(err)
	}
	if got := stored(t, c); len(got) != 2 {
		t.Errorf("a directory that is gone left %q", got)
	}
}

func TestSyncGoesOnAfterOneThatFails(t *testing.T) {
	dir := t.TempDir()
	s := newFakeSwarm()
	s.refuse = func(call string) error {
		if call == "create fairlead.route.a.1" {
			return errors.New("too large")
		}
		return nil
	}
	c := NewConfigs(s, ConfigsOptions{})
	write(t, filepath.Join(dir, "r.yaml"), route("a")+"---\n"+route("b"))
	if err := Sync(t.Context(), NewDirectory(dir, nil), c, origin); err == nil {
		t.Error("no error")
	}
	if got := stored(t, c); !slices.Equal(got, []string{"b " + origin}) {
		t.Errorf("stored %q", got)
	}
}

func TestSyncRecordsLeavesAloneWhatIsNotItsOwn(t *testing.T) {
	c := NewConfigs(newFakeSwarm(), ConfigsOptions{})
	mustPut(t, c, manifest("persons", "x"))
	records := []*Record{
		{Kind: "Route", Name: "a", Data: []byte("1"), Source: "service a"},
		{Kind: "Route", Name: "persons", Data: []byte("2"), Source: "service persons"},
	}
	err := SyncRecords(t.Context(), records, c, "labels")
	if err == nil || !strings.Contains(err.Error(), "service persons asks for") {
		t.Errorf("error %v", err)
	}
	if got, want := stored(t, c), []string{"a labels", "persons "}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
	if err := SyncRecords(t.Context(), nil, c, "labels"); err != nil {
		t.Fatal(err)
	}
	if got, want := stored(t, c), []string{"persons "}; !slices.Equal(got, want) {
		t.Errorf("stored %q, want %q", got, want)
	}
}
