package rig

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// final is an error that will not go away.
type final struct{ error }

// poll calls f until it returns nil, every 50 ms for up to limit.
func poll(ctx context.Context, limit time.Duration, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := f()
		if err == nil || errors.As(err, new(final)) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not within %s: %w", limit, err)
		}
	}
}

// Within waits until f returns nil, and returns f's last error if it does not
// come to that.
func Within(limit time.Duration, f func() error) error {
	return poll(context.Background(), limit, f)
}

// Eventually waits until f returns nil and fails the test with f's last error if
// it does not come to that. What is waited for is named as in "the Route is Ready".
func Eventually(t testing.TB, limit time.Duration, what string, f func() error) {
	t.Helper()
	if err := poll(context.Background(), limit, f); err != nil {
		t.Fatalf("waiting for: %s: %v", what, err)
	}
}
