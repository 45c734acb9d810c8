package swarm

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/docker/docker/api/types/swarm"
	"github.com/docker/docker/errdefs"

	"fairlead.dev/fairlead/reconcile/plan"
)

// createSecret creates a secret of random bytes, which nobody keeps here.
func (c *Client) createSecret(ctx context.Context, s *plan.NewSecret) error {
	data := make([]byte, s.Size)
	_, _ = rand.Read(data) // never fails
	spec := swarm.SecretSpec{
		Annotations: swarm.Annotations{Name: s.Name, Labels: map[string]string{plan.LabelSecret: s.Name}},
		Data:        data,
	}
	_, err := call(ctx, c, "create secret", func(ctx context.Context) (swarm.SecretCreateResponse, error) {
		return c.docker.SecretCreate(ctx, spec)
	})
	if err != nil && !errdefs.IsConflict(err) {
		return fmt.Errorf("secret %s: %w", s.Name, err)
	}
	return nil
}
