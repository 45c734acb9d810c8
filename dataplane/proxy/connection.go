package proxy

import (
	"cmp"
	"sync"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/routing"
	"fairlead.dev/fairlead/dataplane/wire"
)

// phase is what a connection of HTTP/1.1 is at.
type phase int32

const (
	// idle: between two requests.
	idle phase = iota
	// head: the first bytes of a head have come, not all.
	head
	// exchanging: a request is under way.
	exchanging
	// tunnelling: the connection was handed over by 101.
	tunnelling
	// lingering: the last word was said.
	lingering
)

// connection is a client's connection of HTTP/1.1. Its requests are served one
// after the other, in one goroutine.
type connection struct {
	engine *Engine
	conn   *wire.Conn
	peer   peer
	kind   routing.Listener
	in     wire.Buffer
	client client1
	each   func() bool // step: a method value is made once
	// seen is how much of in was searched for a head's end.
	seen int
	// fault is why what came is no request.
	fault error
	// polling: the connection is busy with Each, and must not be read or closed.
	polling bool
	// work is nil between two requests.
	work         *work
	interruption interruption

	phase atomic.Int32
	// since is when the phase began, in nanoseconds of Unix time.
	since atomic.Int64
	// looked is the since of the idle time in which look asked for the client; it
	// is look's.
	looked int64
	// closing: no request is to follow.
	closing atomic.Bool
}

// work is what a connection needs while it has a request, and not while it is
// idle.
type work struct {
	head http1.Request
	x    exchange
}

var works = sync.Pool{New: func() any { return &work{} }}

// take gets n what it needs for a request.
func (n *connection) take() *work {
	w := works.Get().(*work)
	w.head.MaxFields = n.engine.cfg.Limits.HeaderFields
	w.x.engine, w.x.kind, w.x.peer, w.x.client, w.x.interruption = n.engine, n.kind, &n.peer, &n.client, &n.interruption
	n.work = w
	return w
}

// rest gives it back, where n has it. Nothing of it points to the connection
// then.
func (n *connection) rest() {
	w := n.work
	if w == nil {
		return
	}
	n.work = nil
	w.x.client, w.x.peer, w.x.interruption, w.x.body.body = nil, nil, nil, nil
	works.Put(w)
}

// Serve serves a client's connection until it ends. An idle connection waits
// below it, with its frame: as long as that and those around it are less than
// 2 KiB, a collection of garbage halves the stack of 8 KiB.
func (e *Engine) Serve(c *wire.Conn, kind routing.Listener) {
	n := e.newConnection(c, kind)
	if n.client.preface == nil {
		e.watched.add(n)
		for n.serve() {
		}
		e.watched.remove(n)
	}
	if first := n.client.preface; first != nil {
		e.serve2(c, kind, n.peer, first)
		return
	}
	c.Close()
	n.in.Release()
}

// newConnection returns a connection that is idle. Where HTTP/2 was agreed on,
// its preface is there, empty.
func (e *Engine) newConnection(c *wire.Conn, kind routing.Listener) *connection {
	n := &connection{engine: e, conn: c, kind: kind, peer: e.peerOf(c.RemoteAddr().String(), c.LocalAddr().String())}
	n.client.connection = n
	n.each = n.step
	n.enter(idle, time.Now())
	if c.TLS != nil {
		state := c.TLS.ConnectionState()
		n.peer.sni, n.peer.clients = state.ServerName, c.Clients
		if len(state.PeerCertificates) > 0 {
			n.peer.shown = newShown(state.PeerCertificates[0])
		}
		if state.NegotiatedProtocol == "h2" {
			n.client.preface = []byte{}
		}
	}
	return n
}

func (n *connection) enter(p phase, now time.Time) {
	n.since.Store(now.UnixNano())
	n.phase.Store(int32(p))
}

// serve serves requests, and says whether there may be more. It does so within
// one wait for the connection, until there is a request that needs to read from
// it; that one is served outside.
func (n *connection) serve() bool {
	n.polling = true
	err := n.conn.Each(&n.in, n.each)
	n.polling = false
	defer n.rest()
	if err = cmp.Or(n.fault, err); err != nil {
		n.refuse(err)
		return false
	}
	return n.work != nil && n.exchange()
}

// step is called when something has come. It serves the requests that are there
// whole, and returns true if it needs nothing but more bytes.
func (n *connection) step() bool {
	for n.in.Len() > 0 {
		end, err := n.findHead()
		switch {
		case err != nil:
			n.fault = err
			return false
		case end < 0:
			return true
		case !n.begin(end) || !n.exchange():
			return false
		}
	}
	return true
}

// findHead returns the length of the head that is there, or -1 if it is not
// whole.
func (n *connection) findHead() (int, error) {
	limit, got := n.engine.cfg.Limits.HeaderBytes, n.in.Len()
	end, err := http1.HeadEnd(n.in.Bytes(), n.seen)
	switch {
	case err != nil:
		return 0, err
	case max(end, 0) > limit, end < 0 && got > limit:
		return 0, errRequestHead
	case end < 0 && n.seen == 0:
		n.enter(head, time.Now())
	}
	n.seen = got
	return end, nil
}

// begin takes a head. It returns false if the request cannot be served from what
// is there: then it is in n.work, or n.fault says why it is none.
func (n *connection) begin(end int) bool {
	n.seen = 0
	if n.speaksHTTP2(end) {
		return false
	}
	w := n.take()
	n.fault = w.head.Parse(n.in.Lend(end))
	n.phase.Store(int32(exchanging))
	if n.fault != nil {
		return false
	}
	w.head.Message(&w.x.in)
	n.client.begin()
	h := &w.head
	whole := h.Body == http1.NoBody || h.Body == http1.Length && int64(n.in.Len()) >= h.Length
	return whole && !w.x.in.Fields.Has("Upgrade")
}

// exchange serves the request in n.work, and says whether another may follow.
func (n *connection) exchange() bool {
	w := n.work
	w.x.run()
	again := n.client.end()
	n.in.Reclaim()
	n.enter(idle, w.x.ended)
	n.rest()
	return again
}

var errRequestHead = &http1.Error{Status: 431, Section: "RFC 6585 5", Message: "the head is too long"}

// preface is how a client of HTTP/2 begins that knows what it speaks to (RFC
// 9113 section 3.4). It looks like a head with a body.
const preface = "PRI * HTTP/2.0\r\n\r\n"

// speaksHTTP2 says whether the first head is HTTP/2's preface.
func (n *connection) speaksHTTP2(end int) bool {
	if n.conn.TLS != nil || end != len(preface) || n.client.requests > 0 || string(n.in.Bytes()[:end]) != preface {
		return false
	}
	n.client.preface = append([]byte(nil), n.in.Bytes()...)
	n.in.Release()
	return true
}
