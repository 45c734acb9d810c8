package swarm

import (
	"context"
	"fmt"
	"strings"

	"github.com/docker/docker/api/types/filters"
	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/errdefs"

	"fairlead.dev/fairlead/controller/store"
)

// ListConfigs returns every config that has the label, with its data.
func (c *Client) ListConfigs(ctx context.Context, label string) ([]store.Config, error) {
	listed, err := call(ctx, c, "list configs", func(ctx context.Context) ([]swarm.Config, error) {
		return c.docker.ConfigList(ctx, swarm.ConfigListOptions{Filters: filters.NewArgs(filters.Arg("label", label))})
	})
	if err != nil {
		return nil, err
	}
	out := make([]store.Config, len(listed))
	for i, l := range listed {
		out[i] = store.Config{
			ID: l.ID, Name: l.Spec.Name, Version: l.Version.Index, CreatedAt: l.CreatedAt, Labels: l.Spec.Labels, Data: l.Spec.Data,
		}
	}
	return out, nil
}

// CreateConfig returns the new config's ID; a taken name fails with store.ErrConflict.
func (c *Client) CreateConfig(ctx context.Context, name string, labels map[string]string, data []byte) (string, error) {
	spec := swarm.ConfigSpec{Annotations: swarm.Annotations{Name: name, Labels: labels}, Data: data}
	created, err := call(ctx, c, "create config", func(ctx context.Context) (swarm.ConfigCreateResponse, error) {
		return c.docker.ConfigCreate(ctx, spec)
	})
	return created.ID, storeError(err, "config "+name)
}

// UpdateConfigLabels replaces the labels of a config at a version; another
// version fails with store.ErrConflict, a missing config with store.ErrNotFound.
// Swarm replaces the whole spec, so the config is read first; data never changes.
func (c *Client) UpdateConfigLabels(ctx context.Context, id string, version uint64, labels map[string]string) error {
	current, err := call(ctx, c, "inspect config", func(ctx context.Context) (swarm.Config, error) {
		config, _, err := c.docker.ConfigInspectWithRaw(ctx, id)
		return config, err
	})
	if err != nil {
		return storeError(err, "config "+id)
	}
	if current.Version.Index != version {
		return fmt.Errorf("config %s: %w", current.Spec.Name, store.ErrConflict)
	}
	spec := current.Spec
	spec.Labels = labels
	err = call0(ctx, c, "update config", func(ctx context.Context) error {
		return c.docker.ConfigUpdate(ctx, id, swarm.Version{Index: version}, spec)
	})
	return storeError(err, "config "+spec.Name)
}

// RemoveConfig removes a config; one that is gone already is no error.
func (c *Client) RemoveConfig(ctx context.Context, id string) error {
	err := call0(ctx, c, "remove config", func(ctx context.Context) error { return c.docker.ConfigRemove(ctx, id) })
	if errdefs.IsNotFound(err) {
		return nil
	}
	return err
}

// storeError says in package store's words what a caller branches on.
func storeError(err error, what string) error {
	switch {
	case err == nil:
		return nil
	case errdefs.IsNotFound(err):
		return fmt.Errorf("%s: %w", what, store.ErrNotFound)
	case errdefs.IsConflict(err) || strings.Contains(err.Error(), "out of sequence"):
		return fmt.Errorf("%s: %w", what, store.ErrConflict)
	}
	return fmt.Errorf("%s: %w", what, err)
}
