package proxy

import (
	"sync"
	"time"
)

// watchPeriod is how often connections are looked at, and so how late a limit of
// the Engine may be noticed.
const watchPeriod = 250 * time.Millisecond

// watchable is a client's connection.
type watchable interface {
	// look is called again and again; it interrupts what takes too long.
	look(now time.Time)
	// drain ends the connection when what is under way has ended, cut at once.
	drain()
	cut()
}

// watch knows all connections and all pools.
type watch struct {
	mu          sync.Mutex // guards following
	connections map[watchable]struct{}
	pools       map[*pool]struct{}
	// draining, wasCut: what a new connection is told at once.
	draining, wasCut bool
	empty            []chan struct{}
	// seen is used again at each look.
	seen []watchable
}

func (w *watch) add(c watchable) {
	w.mu.Lock()
	if w.connections == nil {
		w.connections = map[watchable]struct{}{}
	}
	w.connections[c] = struct{}{}
	draining, cut := w.draining, w.wasCut
	w.mu.Unlock()
	if draining {
		c.drain()
	}
	if cut {
		c.cut()
	}
}

func (w *watch) remove(c watchable) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.connections, c)
	if len(w.connections) > 0 {
		return
	}
	for _, empty := range w.empty {
		close(empty)
	}
	w.empty = nil
}

// none returns a channel that is closed when no connection is left.
func (w *watch) none() <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	none := make(chan struct{})
	if len(w.connections) == 0 {
		close(none)
	} else {
		w.empty = append(w.empty, none)
	}
	return none
}

func (w *watch) addPool(p *pool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.pools == nil {
		w.pools = map[*pool]struct{}{}
	}
	w.pools[p] = struct{}{}
}

// each calls f for all connections, outside of the lock: f may take a while.
func (w *watch) each(f func(watchable)) {
	w.mu.Lock()
	seen := w.seen[:0]
	for c := range w.connections {
		seen = append(seen, c)
	}
	w.seen = nil
	w.mu.Unlock()
	for _, c := range seen {
		f(c)
	}
	clear(seen)
	w.mu.Lock()
	w.seen = seen
	w.mu.Unlock()
}

func (w *watch) look(now time.Time) {
	w.each(func(c watchable) { c.look(now) })
	for _, p := range w.eachPool() {
		p.sweep(now)
	}
}

// eachPool returns the pools, and forgets those that nothing comes to any more.
func (w *watch) eachPool() []*pool {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := make([]*pool, 0, len(w.pools))
	for p := range w.pools {
		if p.endpoint.Retired() && p.endpoint.InFlight() == 0 {
			delete(w.pools, p)
		}
		list = append(list, p)
	}
	return list
}

func (w *watch) drain() {
	w.mu.Lock()
	w.draining = true
	w.mu.Unlock()
	w.each(watchable.drain)
}

func (w *watch) cut() {
	w.mu.Lock()
	w.wasCut = true
	w.mu.Unlock()
	w.each(watchable.cut)
}

// closeIdle closes all connections to Endpoints.
func (w *watch) closeIdle() {
	for _, p := range w.eachPool() {
		p.CloseIdle()
	}
}
