package store

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// WriteStatus writes the status of a record as List returned it, unless it has
// that status already. Whoever wrote to the config meanwhile makes it fail with
// ErrConflict.
func (c *Configs) WriteStatus(ctx context.Context, r *Record, s v1alpha1.Status) error {
	label, err := statusLabel(s)
	if err != nil {
		return fmt.Errorf("write status of %s %s: %w", r.Kind, r.Key(), err)
	}
	if r.Status != nil {
		if old, err := statusLabel(*r.Status); err == nil && old == label {
			return nil
		}
	}
	labels, err := c.labelsAt(ctx, r)
	if err == nil {
		labels = maps.Clone(labels)
		labels[LabelStatus] = label
		err = c.api.UpdateConfigLabels(ctx, r.ID, r.Version, labels)
		c.forget(r.ID)
	}
	if err != nil {
		return fmt.Errorf("write status of %s %s: %w", r.Kind, r.Key(), err)
	}
	return nil
}

// labelsAt are the labels of a record's config at the record's version.
func (c *Configs) labelsAt(ctx context.Context, r *Record) (map[string]string, error) {
	known, ok := c.lastSeen(r.ID)
	if !ok {
		if _, err := c.objects(ctx); err != nil {
			return nil, err
		}
		if known, ok = c.lastSeen(r.ID); !ok {
			return nil, ErrNotFound
		}
	}
	if known.record.Version != r.Version {
		return nil, ErrConflict
	}
	return known.labels, nil
}

func (c *Configs) lastSeen(id string) (seen, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.seen[id]
	return s, ok
}

// forget has a config listed again before its labels are written again.
func (c *Configs) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.seen, id)
}

// statusLabel is a status as it stands in the label.
func statusLabel(s v1alpha1.Status) (string, error) {
	label, err := json.Marshal(s)
	return string(label), err
}
