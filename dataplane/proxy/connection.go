package proxy

import (
	"cmp"
	"errors"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/message"
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

// Serve serves a client's connection until it ends.
func (e *Engine) Serve(c *wire.Conn, kind routing.Listener) {
	p := e.peerOf(c.RemoteAddr().String(), c.LocalAddr().String())
	if c.TLS != nil {
		state := c.TLS.ConnectionState()
		p.sni = state.ServerName
		if state.NegotiatedProtocol == "h2" {
			e.serve2(c, kind, p, nil)
			return
		}
	}
	n := &connection{engine: e, conn: c, kind: kind, peer: p}
	n.client.connection = n
	n.each = n.step
	n.enter(idle, time.Now())
	e.watched.add(n)
	for n.serve() {
	}
	e.watched.remove(n)
	if first := n.client.preface; first != nil {
		e.serve2(c, kind, p, first)
		return
	}
	c.Close()
	n.in.Release()
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

// refuse answers what is no request, or does not become one.
func (n *connection) refuse(err error) {
	status, why, reason := 0, "", ""
	var fault *http1.Error
	switch {
	case errors.As(err, &fault):
		status, why, reason = fault.Status, fault.Error(), "malformed"
		if status == http.StatusRequestHeaderFieldsTooLarge {
			reason = "header"
		}
	case phase(n.phase.Load()) == head && isTimeout(err) && !n.closing.Load():
		status, why, reason = http.StatusRequestTimeout, "the head did not come in time", "header_timeout"
	default:
		return
	}
	n.engine.cfg.Refused(reason)
	n.phase.Store(int32(lingering))
	_ = n.conn.SetReadDeadline(time.Time{})
	w := n.work
	if w == nil {
		w = n.take()
	}
	w.head = http1.Request{Fields: w.head.Fields[:0], Minor: 1}
	w.x.in = message.Request{Fields: w.x.in.Fields[:0]}
	n.client.begin()
	n.client.last = true
	w.x.refuse(status, why)
	n.client.putOut()
	n.linger()
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// lastWord is how long, and longestLinger how much, a client may go on sending
// that has got its last answer. To close at once would let the kernel throw the
// answer away that it has not taken yet (RFC 9112 section 9.6).
const (
	lastWord      = time.Second
	longestLinger = 256 << 10
)

func (n *connection) linger() {
	n.phase.Store(int32(lingering))
	if n.conn.CloseWrite() != nil || n.conn.TLS != nil && closeWrite(n.conn.Socket) != nil {
		return
	}
	if n.conn.SetReadDeadline(time.Now().Add(lastWord)) != nil {
		return
	}
	buf := wire.GetLarge()
	defer wire.PutLarge(buf)
	for got := 0; got < longestLinger; {
		k, err := n.conn.Socket.Read(buf[:])
		if got += k; err != nil {
			return
		}
	}
}

// look interrupts what takes too long. It runs beside everything else.
func (n *connection) look(now time.Time) {
	limits := &n.engine.cfg.Limits
	since := n.since.Load()
	took := now.Sub(time.Unix(0, since))
	switch phase(n.phase.Load()) {
	case idle:
		if took > limits.IdleTimeout || took > watchPeriod && n.ended(since) {
			n.conn.InterruptRead()
		}
	case head:
		if took > limits.HeaderTimeout {
			n.conn.InterruptRead()
		}
	case exchanging:
		n.client.look(now)
		if took > watchPeriod && n.conn.Gone() {
			n.interruption.interrupt(gone)
		}
	}
	if since := n.conn.BlockedSince(); since != 0 && now.Sub(time.Unix(0, since)) > limits.WriteTimeout {
		n.engine.cfg.Refused("write_timeout")
		n.conn.Interrupt()
	}
}

// ended says, once in an idle time, whether the client has ended the connection:
// an end that came together with a request is not noticed by who reads.
func (n *connection) ended(since int64) bool {
	if n.looked == since {
		return false
	}
	n.looked = since
	return n.conn.Gone()
}

// drain lets the request under way be the last.
func (n *connection) drain() {
	n.closing.Store(true)
	if phase(n.phase.Load()) == idle {
		n.conn.InterruptRead()
	}
}

// cut ends the connection, whatever is under way.
func (n *connection) cut() {
	n.closing.Store(true)
	n.interruption.interrupt(gone)
	n.conn.Interrupt()
	n.conn.Socket.Close()
}
