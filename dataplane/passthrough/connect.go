package passthrough

import (
	"context"
	"errors"
	"fmt"

	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/live"
)

// ErrNoEndpoint means that the Backend has no Endpoint that was not tried.
var ErrNoEndpoint = errors.New("no ready endpoint")

// Dial connects to an Endpoint. It bounds its own time and tells the
// health.Monitor.
type Dial[C any] func(ctx context.Context, e *live.Endpoint) (C, error)

// Connect dials Endpoints of b until one answers. The Endpoint is returned with
// its request begun: the caller has to End it.
func Connect[C any](ctx context.Context, dial Dial[C], b *live.Backend, how balance.Choice) (none C, _ *live.Endpoint, _ error) {
	var tried []*live.Endpoint
	err := ErrNoEndpoint
	for ctx.Err() == nil {
		e := b.Pick(how, tried)
		if e == nil {
			return none, nil, err
		}
		e.Begin()
		c, dialErr := dial(ctx, e)
		if dialErr == nil {
			return c, e, nil
		}
		e.End()
		err = fmt.Errorf("dial endpoint %s: %w", e.ID, dialErr)
		tried = append(tried, e)
	}
	return none, nil, ctx.Err()
}
