package store

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strconv"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Batch is many Puts after one look at what there is. It is for one goroutine.
type Batch struct {
	configs *Configs
	objects []generations
}

// Begin looks at what there is.
func (c *Configs) Begin(ctx context.Context) (*Batch, error) {
	objects, err := c.objects(ctx)
	if err != nil {
		return nil, err
	}
	return &Batch{c, objects}, nil
}

// Put is Configs.Put, for a manifest whose object the batch has not put yet.
func (b *Batch) Put(ctx context.Context, m Manifest) (Record, error) {
	g := find(b.objects, identity{m.Kind, m.Namespace, m.Name})
	var newest Record
	if g != nil {
		newest = g.newest()
	}
	if m.IfGeneration != 0 && m.IfGeneration != newest.Generation {
		return Record{}, fmt.Errorf("%s: generation %d is not the newest: %w", m, m.IfGeneration, ErrConflict)
	}
	if g != nil && newest.Origin == m.Origin && bytes.Equal(newest.Data, m.Data) {
		return newest, nil
	}
	return b.configs.create(ctx, m, newest)
}

// create writes the generation after the newest. The status goes along, with the
// generation that it speaks of: what is served does not end with a change.
func (c *Configs) create(ctx context.Context, m Manifest, newest Record) (Record, error) {
	now := c.now().UTC().Truncate(time.Microsecond)
	r := Record{
		Kind: m.Kind, Namespace: m.Namespace, Name: m.Name,
		Generation: newest.Generation + 1,
		Created:    newest.Created, AppliedAt: now, AppliedBy: m.AppliedBy, Origin: m.Origin,
		Data: bytes.Clone(m.Data), Status: newest.Status,
	}
	if newest.Generation == 0 {
		r.Created = now
	}
	labels, err := labelsOf(r)
	if err != nil {
		return Record{}, fmt.Errorf("put %s: %w", m, err)
	}
	name := configName(m.Kind, m.Namespace, m.Name, r.Generation)
	r.ID, err = c.api.CreateConfig(ctx, name, labels, r.Data)
	if err != nil {
		return Record{}, fmt.Errorf("put %s, generation %d: %w", m, r.Generation, err)
	}
	r.Source = "config " + name
	return r, nil
}

// String names the object.
func (m Manifest) String() string {
	return m.Kind + " " + v1alpha1.ObjectMeta{Namespace: m.Namespace, Name: m.Name}.Key()
}

func labelsOf(r Record) (map[string]string, error) {
	labels := map[string]string{
		LabelKind: r.Kind, LabelName: r.Name, LabelNamespace: r.Namespace,
		LabelGeneration: strconv.FormatInt(r.Generation, 10),
		LabelCreated:    r.Created.Format(time.RFC3339Nano),
		LabelAppliedAt:  r.AppliedAt.Format(time.RFC3339Nano),
		LabelAppliedBy:  r.AppliedBy, LabelOrigin: r.Origin,
	}
	if r.Status != nil {
		status, err := statusLabel(*r.Status)
		if err != nil {
			return nil, err
		}
		labels[LabelStatus] = status
	}
	maps.DeleteFunc(labels, func(_, value string) bool { return value == "" })
	return labels, nil
}
