package proxy

import (
	"errors"
	"io"
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
	// work is nil between two requests.
	work         *work
	interruption interruption

	phase atomic.Int32
	// since is when the phase began, in nanoseconds of Unix time.
	since atomic.Int64
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

// rest gives it back. Nothing of it points to the connection then.
func (n *connection) rest() {
	w := n.work
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
	n.enter(idle, time.Now())
	e.watched.add(n)
	for n.next() {
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

// next serves one request, and says whether another may follow.
func (n *connection) next() bool {
	end, err := n.findHead()
	if err != nil {
		n.refuse(err)
		return false
	}
	if n.speaksHTTP2(end) {
		return false
	}
	w := n.take()
	defer n.rest()
	err = w.head.Parse(n.in.Lend(end))
	n.phase.Store(int32(exchanging))
	if err != nil {
		n.refuse(err)
		return false
	}
	w.head.Message(&w.x.in)
	n.client.begin()
	w.x.run()
	again := n.client.end()
	n.in.Reclaim()
	n.enter(idle, w.x.ended)
	return again
}

// findHead waits for a head and returns its length.
func (n *connection) findHead() (int, error) {
	for seen := 0; ; {
		if got := n.in.Len(); got > seen {
			end, err := http1.HeadEnd(n.in.Bytes(), seen)
			if limit := n.engine.cfg.Limits.HeaderBytes; end > limit || end < 0 && err == nil && got > limit {
				return 0, errRequestHead
			}
			if end >= 0 || err != nil {
				return end, err
			}
			if seen == 0 {
				n.enter(head, time.Now())
			}
			seen = got
		} else if n.closing.Load() {
			return 0, io.EOF
		}
		if err := n.conn.ReadBuffer(&n.in); err != nil {
			return 0, err
		}
	}
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
		defer n.rest()
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
	took := now.Sub(time.Unix(0, n.since.Load()))
	switch phase(n.phase.Load()) {
	case idle:
		if took > limits.IdleTimeout {
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
