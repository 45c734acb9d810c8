package metrics

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// routes are the counts of each Route, by its key: a hash table whose readers
// take no lock. Chains never change once they can be seen. One that loses a Route
// is made anew, and so is the whole table when it has become too small.
type routes struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]atomic.Pointer[route]]

	mu sync.Mutex // guards following, and all writes
	n  int
}

// route is one Route in its chain. Only what counts points to changes.
type route struct {
	key    string
	counts *Route
	next   *route
}

// Route counts the requests of one Route by status.
type Route struct {
	ok     atomic.Uint64 // those with 200, as most have
	others tally[int]
}

func (r *Route) add(status int) {
	if status == 200 {
		r.ok.Add(1)
		return
	}
	r.others.add(status)
}

func (r *Route) each(f func(status int, n uint64)) {
	if n := r.ok.Load(); n > 0 {
		f(200, n)
	}
	r.others.each(f)
}

// fewestSlots is the size of a new table, a power of two as all sizes are.
const fewestSlots = 64

func newRoutes() *routes {
	r := &routes{seed: maphash.MakeSeed()}
	slots := make([]atomic.Pointer[route], fewestSlots)
	r.slots.Store(&slots)
	return r
}

// slot returns where the chain of key begins.
func (r *routes) slot(slots []atomic.Pointer[route], key string) *atomic.Pointer[route] {
	return &slots[maphash.String(r.seed, key)&uint64(len(slots)-1)]
}

func (r *routes) find(key string) *Route {
	for e := r.slot(*r.slots.Load(), key).Load(); e != nil; e = e.next {
		if e.key == key {
			return e.counts
		}
	}
	return nil
}

// of returns the counts of a Route. It keeps key where that is new.
func (r *routes) of(key string) *Route {
	if t := r.find(key); t != nil {
		return t
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.find(key); t != nil {
		return t
	}
	if r.n++; r.n > len(*r.slots.Load()) {
		r.grow()
	}
	slot := r.slot(*r.slots.Load(), key)
	e := &route{key: key, counts: &Route{}, next: slot.Load()}
	slot.Store(e)
	return e.counts
}

// grow makes a table of twice the size.
func (r *routes) grow() {
	old := *r.slots.Load()
	slots := make([]atomic.Pointer[route], 2*len(old))
	for i := range old {
		for e := old[i].Load(); e != nil; e = e.next {
			slot := r.slot(slots, e.key)
			slot.Store(&route{key: e.key, counts: e.counts, next: slot.Load()})
		}
	}
	r.slots.Store(&slots)
}

// forget drops a Route. What was found of it before still counts, unseen.
func (r *routes) forget(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.find(key) == nil {
		return
	}
	r.n--
	slot := r.slot(*r.slots.Load(), key)
	var chain *route
	for e := slot.Load(); e != nil; e = e.next {
		if e.key != key {
			chain = &route{key: e.key, counts: e.counts, next: chain}
		}
	}
	slot.Store(chain)
}

// each calls f with every Route, status and count, in no order.
func (r *routes) each(f func(key string, status int, n uint64)) {
	slots := *r.slots.Load()
	for i := range slots {
		for e := slots[i].Load(); e != nil; e = e.next {
			e.counts.each(func(status int, n uint64) { f(e.key, status, n) })
		}
	}
}
