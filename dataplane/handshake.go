package dataplane

import (
	"io"
	"sync"
	"time"
)

// handshakes are those under way. They all have the same time, so they end in
// the order in which they began, and one timer is enough.
type handshakes struct {
	limit time.Duration

	mu    sync.Mutex // guards following
	first *handshake
	last  *handshake
	// timer runs where there is a first one, and may run where there was.
	timer  *time.Timer
	armed  bool
	wasCut bool
}

// handshake is one connection that has to make one.
type handshake struct {
	conn  io.Closer
	began time.Time
	// over: the time was, and conn is closed.
	over       bool
	prev, next *handshake
}

// begin lets c have its time.
func (a *handshakes) begin(c io.Closer) *handshake {
	h := &handshake{conn: c, began: time.Now()}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wasCut {
		h.over = true
		c.Close()
		return h
	}
	if h.prev = a.last; h.prev == nil {
		a.first = h
	} else {
		h.prev.next = h
	}
	a.last = h
	a.arm(a.limit)
	return h
}

func (a *handshakes) arm(d time.Duration) {
	switch {
	case a.armed:
		return
	case a.timer == nil:
		a.timer = time.AfterFunc(d, a.expire)
	default:
		a.timer.Reset(d)
	}
	a.armed = true
}

// end says whether h came before its time was over. The connection is then the
// caller's again.
func (a *handshakes) end(h *handshake) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !h.over {
		a.remove(h)
	}
	return !h.over
}

func (a *handshakes) remove(h *handshake) {
	if h.prev == nil {
		a.first = h.next
	} else {
		h.prev.next = h.next
	}
	if h.next == nil {
		a.last = h.prev
	} else {
		h.next.prev = h.prev
	}
}

// expire closes the connections whose time is over.
func (a *handshakes) expire() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.armed = false
	now := time.Now()
	for a.first != nil {
		if left := a.limit - now.Sub(a.first.began); left > 0 {
			a.arm(left)
			return
		}
		a.closeFirst()
	}
}

func (a *handshakes) closeFirst() {
	h := a.first
	a.remove(h)
	h.over = true
	h.conn.Close()
}

// cut closes all, and those that begin later.
func (a *handshakes) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.wasCut = true
	for a.first != nil {
		a.closeFirst()
	}
	if a.timer != nil {
		a.timer.Stop()
	}
}
