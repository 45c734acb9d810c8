package swarm

import (
	"context"
	"sync"
	"time"
)

// list is one kind of thing, as it was listed last.
type list[T any] struct {
	every time.Duration
	fetch func(context.Context) ([]T, error)

	getting sync.Mutex // held by get, guards items and listed
	items   []T
	listed  time.Time

	mu    sync.Mutex // guards stale; an event must not wait for a call
	stale bool
}

// invalidate makes the next get list again.
func (l *list[T]) invalidate() {
	l.mu.Lock()
	l.stale = true
	l.mu.Unlock()
}

// get returns the items, listed anew where that is due. An event during the
// call makes the next get list once more.
func (l *list[T]) get(ctx context.Context, now time.Time) ([]T, error) {
	l.getting.Lock()
	defer l.getting.Unlock()
	l.mu.Lock()
	due := l.stale || now.Sub(l.listed) >= l.every
	l.stale = false
	l.mu.Unlock()
	if !due {
		return l.items, nil
	}
	items, err := l.fetch(ctx)
	if err != nil {
		l.invalidate()
		return nil, err
	}
	l.items, l.listed = items, now
	return items, nil
}
