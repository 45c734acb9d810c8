package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// DefaultHistory is how many generations of an object are kept.
const DefaultHistory = 10

// Configs keeps objects on swarm configs. It may be used by any number of
// goroutines and, on any number of machines, by any number of processes.
type Configs struct {
	api API
	now func() time.Time

	mu sync.Mutex // guards following
	// seen is every config as it was last listed, by ID.
	seen map[string]seen
}

// seen is a config at a version: its labels, which are written back when one of
// them changes, and what was read from it, so that an unchanged one is read once.
type seen struct {
	labels map[string]string
	record Record
}

// ConfigsOptions are what Configs can do without.
type ConfigsOptions struct {
	// Now is the clock; nil is the machine's.
	Now func() time.Time
}

// NewConfigs returns a store on the configs behind api.
func NewConfigs(api API, o ConfigsOptions) *Configs {
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Configs{api: api, now: o.Now, seen: map[string]seen{}}
}

// List returns the newest generation of every object, sorted by kind, namespace
// and name.
func (c *Configs) List(ctx context.Context) ([]*Record, error) {
	objects, err := c.objects(ctx)
	if err != nil {
		return nil, err
	}
	records, list := make([]Record, len(objects)), make([]*Record, len(objects))
	for i, g := range objects {
		records[i] = g.newest()
		list[i] = &records[i]
	}
	return list, nil
}

// History returns every generation that is kept of an object, newest first.
func (c *Configs) History(ctx context.Context, kind, key string) ([]Record, error) {
	objects, err := c.objects(ctx)
	if err != nil {
		return nil, err
	}
	g := find(objects, identityOf(kind, key))
	if g == nil {
		return nil, fmt.Errorf("%s %s: %w", kind, key, ErrNotFound)
	}
	slices.Reverse(g)
	return g, nil
}

// objects lists the configs anew and remembers their labels.
func (c *Configs) objects(ctx context.Context) ([]generations, error) {
	configs, err := c.api.ListConfigs(ctx, LabelKind)
	if err != nil {
		return nil, fmt.Errorf("list objects: %w", err)
	}
	return c.read(configs), nil
}

// Read is what the store makes of configs that the caller has listed by
// LabelKind itself: every object's generations, newest first, the objects sorted
// by kind, namespace and name.
func (c *Configs) Read(configs []Config) [][]Record {
	objects := c.read(configs)
	read := make([][]Record, len(objects))
	for i, g := range objects {
		slices.Reverse(g)
		read[i] = g
	}
	return read
}

func (c *Configs) read(configs []Config) []generations {
	c.mu.Lock()
	defer c.mu.Unlock()
	records := make([]Record, len(configs))
	now := make(map[string]seen, len(configs))
	for i, config := range configs {
		known, ok := c.seen[config.ID]
		if !ok || known.record.Version != config.Version {
			known = seen{config.Labels, recordOf(config)}
		}
		records[i], now[config.ID] = known.record, known
	}
	c.seen = now
	return byObject(records)
}

// Put stores a manifest as the next generation of its object and returns that;
// where nothing would change, it returns the newest one. Somebody else who
// writes the same generation first makes it fail with ErrConflict.
func (c *Configs) Put(ctx context.Context, m Manifest) (Record, error) {
	b, err := c.Begin(ctx)
	if err != nil {
		return Record{}, err
	}
	return b.Put(ctx, m)
}

// Delete removes an object with its history, the oldest generation first: if it
// fails halfway, the object is still the newest one.
func (c *Configs) Delete(ctx context.Context, kind, key string) error {
	objects, err := c.objects(ctx)
	if err != nil {
		return err
	}
	g := find(objects, identityOf(kind, key))
	if g == nil {
		return fmt.Errorf("%s %s: %w", kind, key, ErrNotFound)
	}
	return c.remove(ctx, g)
}

// remove removes records in their order and stops at the first that resists.
func (c *Configs) remove(ctx context.Context, records []Record) error {
	for _, r := range records {
		if err := c.api.RemoveConfig(ctx, r.ID); err != nil {
			return fmt.Errorf("delete %s %s, generation %d (%s): %w", r.Kind, r.Key(), r.Generation, r.Source, err)
		}
	}
	return nil
}

// Prune removes all but the newest keep generations of every object; 0 means
// DefaultHistory. What cannot be removed, as a config that a service uses, does
// not keep the others.
func (c *Configs) Prune(ctx context.Context, keep int) error {
	keep = max(1, cmp.Or(keep, DefaultHistory))
	objects, err := c.objects(ctx)
	if err != nil {
		return err
	}
	var errs []error
	for _, g := range objects {
		errs = append(errs, c.remove(ctx, g[:max(0, len(g)-keep)]))
	}
	return errors.Join(errs...)
}
