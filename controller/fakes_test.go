package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

var errAway = errors.New("the API is away")

// fakeStore is an objectStore in memory. A record's version changes with its
// status, as a config's does; like the observer's cache, List shows what was
// written only once relist was called.
type fakeStore struct {
	mu      sync.Mutex // guards following
	err     error      // of every call
	listed  []store.Record
	stored  []store.Record
	history map[string][]store.Record
	asked   int // calls of History
	writes  []string
}

func (f *fakeStore) List(context.Context) ([]*store.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []*store.Record
	for _, r := range f.listed {
		list = append(list, &r)
	}
	return list, f.err
}

func (f *fakeStore) History(_ context.Context, _, key string) ([]store.Record, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked++
	return f.history[key], f.err
}

func (f *fakeStore) WriteStatus(_ context.Context, r *store.Record, s v1alpha1.Status) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.writes = append(f.writes, fmt.Sprintf("%s %s", r.Key(), words(s)))
	if f.err != nil {
		return f.err
	}
	i := slices.IndexFunc(f.stored, func(o store.Record) bool { return o.Key() == r.Key() })
	switch {
	case i < 0:
		return store.ErrNotFound
	case f.stored[i].Version != r.Version:
		return store.ErrConflict
	}
	f.stored[i].Status, f.stored[i].Version = &s, r.Version+1
	return nil
}

// fail has every call fail with err from now on; nil ends it.
func (f *fakeStore) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

// put stores a record, which the next relist shows, in place of one with its key.
func (f *fakeStore) put(r store.Record) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stored = slices.DeleteFunc(f.stored, func(o store.Record) bool { return o.Key() == r.Key() })
	f.stored = append(f.stored, r)
}

func (f *fakeStore) relist() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listed = slices.Clone(f.stored)
}

// written takes what was written since the last call.
func (f *fakeStore) written() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	w := f.writes
	f.writes = nil
	return w
}

// words are a status in short: "Ready=True".
func words(s v1alpha1.Status) string {
	var out []string
	for _, c := range s.Conditions {
		out = append(out, c.Type+"="+string(c.Status))
	}
	return strings.Join(out, " ")
}

// route is a record of a Route for the host, and broken one that does not decode.
func route(name string, generation int64, host string) store.Record {
	data := fmt.Sprintf("apiVersion: fairlead.dev/v1alpha1\nkind: Route\nmetadata: {name: %s}\nspec:\n  hosts: [%s]\n  backend: {service: web, port: 80}\n", name, host)
	return record(name, generation, data)
}

func broken(name string, generation int64) store.Record {
	return record(name, generation, "apiVersion: fairlead.dev/v1alpha1\nkind: Route\nspec: [")
}

func record(name string, generation int64, data string) store.Record {
	return store.Record{
		ID: fmt.Sprintf("id-%s-%d", name, generation), Version: 10, Kind: v1alpha1.KindRoute, Name: name, Generation: generation,
		Data: []byte(data), Source: fmt.Sprintf("config fairlead.route.%s.%d", name, generation),
	}
}

// statusOf is a status that says of Ready what ready is.
func statusOf(key string, generation int64, ready v1alpha1.ConditionStatus) plan.Status {
	s := v1alpha1.Status{}
	s.Conditions = []v1alpha1.Condition{{
		Type: v1alpha1.Ready, Status: ready, Reason: v1alpha1.Ready, ObservedGeneration: generation, LastTransitionTime: time.Unix(1e9, 0).UTC(),
	}}
	return plan.Status{Key: key, Generation: generation, Status: s, Changed: true}
}

// fakeAPI is swarm configs in memory, for the Reports of data planes.
type fakeAPI struct {
	mu       sync.Mutex // guards following
	configs  []store.Config
	version  uint64
	updates  int
	err      error
	conflict int // so many writes fail with ErrConflict
}

func (f *fakeAPI) ListConfigs(_ context.Context, label string) ([]store.Config, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []store.Config
	for _, c := range f.configs {
		if _, ok := c.Labels[label]; ok {
			out = append(out, c)
		}
	}
	return out, f.err
}

func (f *fakeAPI) CreateConfig(_ context.Context, name string, labels map[string]string, data []byte) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refusal(); err != nil {
		return "", err
	}
	f.version++
	f.configs = append(f.configs, store.Config{ID: "id-" + name, Name: name, Version: f.version, Labels: labels, Data: data})
	return "id-" + name, nil
}

func (f *fakeAPI) UpdateConfigLabels(_ context.Context, id string, version uint64, labels map[string]string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.refusal(); err != nil {
		return err
	}
	for i, c := range f.configs {
		if c.ID == id && c.Version == version {
			f.version++
			f.configs[i].Version, f.configs[i].Labels = f.version, labels
			return nil
		}
	}
	return store.ErrConflict
}

// refusal is why a write fails, and counts it. The caller holds mu.
func (f *fakeAPI) refusal() error {
	f.updates++
	if f.conflict > 0 {
		f.conflict--
		return store.ErrConflict
	}
	return f.err
}

func (f *fakeAPI) RemoveConfig(_ context.Context, id string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.configs = slices.DeleteFunc(f.configs, func(c store.Config) bool { return c.ID == id })
	return f.err
}

func (f *fakeAPI) set(change func(*fakeAPI)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change(f)
}

func (f *fakeAPI) names() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []string
	for _, c := range f.configs {
		out = append(out, c.Name)
	}
	return out
}

// silent is a logger for what a test does not look at.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }
