package metrics

import "sync/atomic"

// tally counts by a key of which there are few: a status, a reason. Counting
// takes no lock, and no memory but for a key that was not seen before. The zero
// value is empty.
type tally[K comparable] struct{ first atomic.Pointer[count[K]] }

// count is the count of one key. Only n changes once it is in a tally.
type count[K comparable] struct {
	key  K
	n    atomic.Uint64
	next *count[K]
}

// add counts one. The tally keeps key where it is new.
func (t *tally[K]) add(key K) { t.of(key).n.Add(1) }

// of returns the count of key, which is put in front where there is none yet.
func (t *tally[K]) of(key K) *count[K] {
	for {
		first := t.first.Load()
		for c := first; c != nil; c = c.next {
			if c.key == key {
				return c
			}
		}
		fresh := &count[K]{key: key, next: first}
		if t.first.CompareAndSwap(first, fresh) {
			return fresh
		}
	}
}

// each calls f with every key and its count, in no order.
func (t *tally[K]) each(f func(key K, n uint64)) {
	for c := t.first.Load(); c != nil; c = c.next {
		f(c.key, c.n.Load())
	}
}
