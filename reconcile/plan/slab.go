package plan

// slab makes slices of one item out of larger pieces of memory: of 10,000
// Routes most have one host, one Rule and one Backend, and an allocation for
// each costs more than the decision.
type slab[T any] struct{ room []T }

const slabItems = 512

// one returns a slice of v, that an append moves elsewhere.
func (s *slab[T]) one(v T) []T {
	if len(s.room) == cap(s.room) {
		s.room = make([]T, 0, slabItems)
	}
	s.room = append(s.room, v)
	n := len(s.room)
	return s.room[n-1 : n : n]
}

// add appends v to items.
func (s *slab[T]) add(items []T, v T) []T {
	if len(items) == 0 {
		return s.one(v)
	}
	return append(items, v)
}
