package plan

import "strings"

// slab makes slices of one item out of larger pieces of memory: of 10,000
// Routes most have one host, one Rule and one Backend, and an allocation for
// each costs more than the decision.
type slab[T any] struct{ free []T }

const slabItems = 512

// one returns a slice of v, that an append moves elsewhere.
func (s *slab[T]) one(v T) []T {
	return append(s.room(1), v)
}

// room returns an empty slice with room for n items.
func (s *slab[T]) room(n int) []T {
	if n > len(s.free) {
		s.free = make([]T, max(n, slabItems))
	}
	out := s.free[:0:n]
	s.free = s.free[n:]
	return out
}

// add appends v to items.
func (s *slab[T]) add(items []T, v T) []T {
	if len(items) == 0 {
		return s.one(v)
	}
	return append(items, v)
}

// text is a slab of strings' bytes.
type text struct{ b strings.Builder }

const textBytes = 32 << 10

// join returns the parts as one string.
func (t *text) join(parts ...string) string {
	n := 0
	for _, p := range parts {
		n += len(p)
	}
	if t.b.Cap()-t.b.Len() < n {
		t.b = strings.Builder{}
		t.b.Grow(max(n, textBytes))
	}
	start := t.b.Len()
	for _, p := range parts {
		t.b.WriteString(p)
	}
	return t.b.String()[start:]
}
