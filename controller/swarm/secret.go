package swarm

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/errdefs"

	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// createSecret creates a secret of random bytes, which nobody keeps here.
func (c *Client) createSecret(ctx context.Context, s *plan.NewSecret) error {
	data := make([]byte, s.Size)
	_, _ = rand.Read(data) // never fails
	return c.StoreSecret(ctx, s.Name, map[string]string{plan.LabelSecret: s.Name}, data)
}

// CreateSecret creates a secret; a taken name fails with store.ErrConflict.
func (c *Client) CreateSecret(ctx context.Context, name string, labels map[string]string, data []byte) error {
	spec := swarm.SecretSpec{Annotations: swarm.Annotations{Name: name, Labels: labels}, Data: data}
	_, err := call(ctx, c, "create secret", func(ctx context.Context) (swarm.SecretCreateResponse, error) {
		return c.docker.SecretCreate(ctx, spec)
	})
	return storeError(err, "secret "+name)
}

// StoreSecret creates a secret. Where there is one of that name it stays.
func (c *Client) StoreSecret(ctx context.Context, name string, labels map[string]string, data []byte) error {
	if err := c.CreateSecret(ctx, name, labels, data); !errors.Is(err, store.ErrConflict) {
		return err
	}
	return nil
}

// removeSecret removes a secret, unless it is gone.
func (c *Client) removeSecret(ctx context.Context, s *plan.SecretRef) error {
	err := call0(ctx, c, "remove secret", func(ctx context.Context) error { return c.docker.SecretRemove(ctx, s.ID) })
	if err != nil && !errdefs.IsNotFound(err) {
		return fmt.Errorf("secret %s: %w", s.Name, err)
	}
	return nil
}
