package store_test

import (
	"errors"
	"os"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/hack/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// TestOnARealSwarm does what the fake is trusted with, for Swarm has the last
// word on names, labels and versions.
func TestOnARealSwarm(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	client, err := swarm.Connect(swarm.Options{Host: r.Node(0).Host()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	c := store.NewConfigs(client, store.ConfigsOptions{})
	put := func(name, data string) (store.Record, error) {
		return c.Put(t.Context(), store.Manifest{Kind: "Route", Namespace: "shop", Name: name, Data: []byte(data), AppliedBy: "me@here"})
	}

	t.Run("generations and their races", func(t *testing.T) {
		late, err := c.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, data := range []string{"one", "two", "two"} {
			got, err := put("demo", data)
			if err != nil || got.Generation != int64(min(i+1, 2)) {
				t.Fatalf("put %d: generation %d, %v", i, got.Generation, err)
			}
		}
		if _, err := late.Put(t.Context(), store.Manifest{Kind: "Route", Namespace: "shop", Name: "demo", Data: []byte("late")}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("who comes second got %v", err)
		}
	})
	t.Run("status", func(t *testing.T) {
		seen, err := c.List(t.Context())
		if err != nil || len(seen) != 1 {
			t.Fatalf("list: %+v, %v", seen, err)
		}
		status := v1alpha1.Status{ReadyEndpoints: 3}
		if err := c.WriteStatus(t.Context(), seen[0], status); err != nil {
			t.Fatal(err)
		}
		if err := c.WriteStatus(t.Context(), seen[0], v1alpha1.Status{}); !errors.Is(err, store.ErrConflict) {
			t.Errorf("a stale record gave %v", err)
		}
		now, err := c.List(t.Context())
		if err != nil || now[0].Status == nil || now[0].Status.ReadyEndpoints != 3 || string(now[0].Data) != "two" {
			t.Errorf("list: %+v, %v", now, err)
		}
	})
	t.Run("the lease", func(t *testing.T) {
		a := store.NewLease(client, "a", store.LeaseOptions{})
		b := store.NewLease(client, "b", store.LeaseOptions{})
		for _, step := range []struct {
			lease *store.Lease
			want  bool
		}{{a, true}, {b, false}, {a, true}} {
			if held, err := step.lease.Try(t.Context()); err != nil || held != step.want {
				t.Errorf("held %v, %v; want %v", held, err, step.want)
			}
		}
		if err := a.Release(t.Context()); err != nil {
			t.Error(err)
		}
		if held, err := b.Try(t.Context()); !held || err != nil {
			t.Errorf("given back, and held %v, %v", held, err)
		}
	})
	t.Run("a stack ships a Route", func(t *testing.T) {
		manifest := t.TempDir() + "/route.yaml"
		if err := os.WriteFile(manifest, []byte("kind: Route\nmetadata: {name: front}\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		r.Node(0).DockerInput(t, "version: '3.8'\nconfigs:\n  front:\n    file: "+manifest+"\n    labels: {fairlead.dev/kind: Route}\n",
			"stack", "deploy", "--compose-file", "-", "web")
		got, err := c.History(t.Context(), "Route", "web/front")
		if err != nil || len(got) != 1 || got[0].Source != "config web_front" || time.Since(got[0].Created) > time.Hour {
			t.Errorf("history %+v, %v", got, err)
		}
	})
	t.Run("delete", func(t *testing.T) {
		if err := c.Delete(t.Context(), "Route", "shop/demo"); err != nil {
			t.Error(err)
		}
		if _, err := c.History(t.Context(), "Route", "shop/demo"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("after it: %v", err)
		}
	})
}
