package main

import (
	"context"
	"sync"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// objectStore is what the loop needs of a store.
type objectStore interface {
	List(ctx context.Context) ([]store.Record, error)
	History(ctx context.Context, kind, key string) ([]store.Record, error)
	WriteStatus(ctx context.Context, r store.Record, s v1alpha1.Status) error
}

// objects decodes what a store holds. A generation is immutable, so each is
// decoded once.
type objects struct {
	store objectStore

	mu      sync.Mutex // guards following
	decoded map[recordKey]decoded
	records map[string]store.Record // by key, as listed last
	last    []plan.Object
}

type recordKey struct {
	id         string
	generation int64
}

type decoded struct {
	route    *v1alpha1.Route
	problems []v1alpha1.Problem
	lastGood *plan.Object // an earlier generation, where this one does not decode
}

// Objects returns every Route of the store.
func (o *objects) Objects(ctx context.Context) ([]plan.Object, error) {
	records, err := o.store.List(ctx)
	if err != nil {
		return nil, err
	}
	now := make(map[recordKey]decoded, len(records))
	byKey := make(map[string]store.Record, len(records))
	out := make([]plan.Object, 0, len(records))
	for _, r := range records {
		if r.Kind != v1alpha1.KindRoute {
			continue
		}
		d, err := o.decode(ctx, r)
		if err != nil {
			return nil, err
		}
		now[recordKey{r.ID, r.Generation}] = d
		byKey[r.Key()] = r
		out = append(out, newObject(r, d))
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.decoded, o.records, o.last = now, byKey, out
	return out, nil
}

func newObject(r store.Record, d decoded) plan.Object {
	return plan.Object{
		Key: r.Key(), Generation: r.Generation, Created: r.Created,
		Route: d.route, Problems: d.problems, LastGood: d.lastGood, Status: r.Status,
	}
}

func (o *objects) decode(ctx context.Context, r store.Record) (decoded, error) {
	o.mu.Lock()
	d, ok := o.decoded[recordKey{r.ID, r.Generation}]
	o.mu.Unlock()
	if ok {
		return d, nil
	}
	d = decodeRecord(r)
	if d.route != nil {
		return d, nil
	}
	history, err := o.store.History(ctx, r.Kind, r.Key())
	if err != nil {
		return decoded{}, err
	}
	d.lastGood = newestGood(history, r.Generation)
	return d, nil
}

func decodeRecord(r store.Record) decoded {
	route, problems := source.DecodeRoute(r.Source, r.Data)
	if route != nil {
		route.Metadata.Namespace = r.Namespace
	}
	return decoded{route: route, problems: problems}
}

// newestGood is the newest generation before the given one that decodes, or nil.
func newestGood(history []store.Record, before int64) *plan.Object {
	var best *plan.Object
	for _, r := range history {
		if r.Generation >= before || best != nil && r.Generation < best.Generation {
			continue
		}
		if d := decodeRecord(r); d.route != nil {
			object := newObject(r, d)
			best = &object
		}
	}
	return best
}

// record is the one that the object with this key was last made of.
func (o *objects) record(key string) (store.Record, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	r, ok := o.records[key]
	return r, ok
}

// all are the objects as listed last.
func (o *objects) all() []plan.Object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}
