package session

import (
	"context"
	"crypto/cipher"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// The pauses between two attempts to get a secret, and the longest attempt.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
	longest    = 5 * time.Second
)

// Fetch returns the bytes of a secret. An error means not yet.
type Fetch func(ctx context.Context, id string) ([]byte, error)

// Store gets the keys that the last Snapshot names. What has no key yet does
// without sessions; no request and no publish waits for one.
type Store struct {
	fetch   Fetch
	changed func()
	log     *slog.Logger
	ring    atomic.Pointer[Ring]
	wake    chan struct{}

	mu  sync.Mutex // guards following
	ids []string
	// known are the keys by the IDs of their secrets; nil for what is none.
	known map[string]cipher.AEAD
}

// NewStore returns a Store without keys. changed is called when one has come; it
// must not block.
func NewStore(fetch Fetch, changed func(), log *slog.Logger) *Store {
	return &Store{fetch: fetch, changed: changed, log: log, wake: make(chan struct{}, 1), known: map[string]cipher.AEAD{}}
}

// Ring returns the keys that are known now, or nil where there is none.
func (s *Store) Ring() *Ring { return s.ring.Load() }

// Sync makes the keys those of the secrets with these IDs, of which the first seals.
func (s *Store) Sync(ids []string) {
	s.mu.Lock()
	s.ids = ids
	s.update()
	s.mu.Unlock()
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// update makes the Ring, and forgets keys that are not wanted any more. The mutex
// is held.
func (s *Store) update() {
	for id := range s.known {
		if !slices.Contains(s.ids, id) {
			delete(s.known, id)
		}
	}
	r := &Ring{}
	for _, id := range s.ids {
		if key := s.known[id]; key != nil {
			r.keys = append(r.keys, key)
		}
	}
	if len(r.keys) == 0 {
		r = nil
	}
	s.ring.Store(r)
}

// Run gets keys until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	pause := firstPause
	for {
		var again <-chan time.Time
		if missing := s.missing(); len(missing) > 0 && !s.get(ctx, missing) {
			again = time.After(pause)
			pause = min(2*pause, lastPause)
		} else {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-again:
		}
	}
}

func (s *Store) missing() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.ids), func(id string) bool {
		_, known := s.known[id]
		return known
	})
}

// get asks for secrets, and says whether all have come.
func (s *Store) get(ctx context.Context, ids []string) bool {
	all := true
	for _, id := range ids {
		limit, cancel := context.WithTimeout(ctx, longest)
		secret, err := s.fetch(limit, id)
		cancel()
		if err != nil {
			s.log.Debug("session key is not there yet", "secret", id, "error", err)
			all = false
			continue
		}
		key, err := newKey(secret)
		if err != nil {
			s.log.Warn("secret is no session key", "secret", id, "error", err)
		}
		s.mu.Lock()
		s.known[id] = key
		s.update()
		s.mu.Unlock()
		s.changed()
	}
	return all
}
