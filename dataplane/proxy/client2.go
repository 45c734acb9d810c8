package proxy

import (
	"errors"
	"net/http"
	"strconv"
	"sync"
	"time"

	"fairlead.dev/fairlead/dataplane/http2"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/routing"
	"fairlead.dev/fairlead/dataplane/wire"
)

// connection2 is a client's connection of HTTP/2.
type connection2 struct {
	engine *Engine
	conn   *wire.Conn
	http2  *http2.Conn
	kind   routing.Listener
	peer   peer
}

// serve2 serves a connection of HTTP/2. first was read from it already.
func (e *Engine) serve2(c *wire.Conn, kind routing.Listener, p peer, first []byte) {
	n := &connection2{engine: e, conn: c, kind: kind, peer: p}
	cfg := &http2.Config{
		Handler: n.serve, MaxStreams: e.cfg.Limits.Streams, MaxHeaderBytes: e.cfg.Limits.HeaderBytes, MaxFields: e.cfg.Limits.HeaderFields,
		IdleTimeout: e.cfg.Limits.IdleTimeout, HeaderTimeout: e.cfg.Limits.HeaderTimeout, WriteTimeout: e.cfg.Limits.WriteTimeout,
		BodyTimeout: e.cfg.Limits.BodyGrace,
		Refused:     e.cfg.Refused,
	}
	n.http2 = http2.NewConn(c, first, cfg)
	e.watched.add(n)
	if err := n.http2.Serve(); err != nil {
		e.cfg.Log.Debug("http/2 connection ended", "client", p.address, "error", err)
	}
	e.watched.remove(n)
	c.Close()
}

func (n *connection2) look(now time.Time) {
	if since := n.conn.BlockedSince(); since != 0 && now.Sub(time.Unix(0, since)) > n.engine.cfg.Limits.WriteTimeout {
		n.engine.cfg.Refused("write_timeout")
		n.conn.Interrupt()
	}
}

func (n *connection2) drain() { n.http2.Drain() }
func (n *connection2) cut()   { n.http2.Close() }

// exchange2 is an exchange on a stream of HTTP/2.
type exchange2 struct {
	exchange
	stream       client2
	interruption interruption
	// gone is what the stream calls when the client has left: a method value, made
	// once.
	gone func()
}

var exchanges2 = sync.Pool{New: func() any {
	x := &exchange2{}
	x.client = &x.stream
	x.exchange.interruption = &x.interruption
	x.gone = func() { x.interrupt(gone) }
	return x
}}

// serve serves one stream.
func (n *connection2) serve(s *http2.Stream) {
	x := exchanges2.Get().(*exchange2)
	x.engine, x.kind, x.peer = n.engine, n.kind, &n.peer
	x.stream.begin(n.engine, s)
	x.in = *s.Request()
	x.interruption.begin()
	s.OnGone(x.gone)
	x.run()
	s.OnGone(nil)
	x.stream.stream, x.in = nil, message.Request{}
	exchanges2.Put(x)
}

// client2 is a stream of HTTP/2.
type client2 struct {
	limits *Limits
	stream *http2.Stream
	engine *Engine
	pace   pace

	// held: the answer's head waits to be sent.
	held   bool
	status int
	fields message.Fields
	digits []byte
}

func (c *client2) begin(e *Engine, s *http2.Stream) {
	c.engine, c.limits, c.stream, c.held = e, &e.cfg.Limits, s, false
	c.pace.reset()
}

// Read reads the body. One that stands still ends by the stream's own time-out.
func (c *client2) Read(p []byte) (int, error) {
	c.pace.begin()
	n, err := c.stream.Read(p)
	got := c.pace.end(n)
	switch {
	case c.limits.BodyBytes > 0 && got > c.limits.BodyBytes:
		c.engine.cfg.Refused("body_bytes")
		return 0, errBodyTooLarge
	case errors.Is(err, http2.ErrTimeout), err == nil && c.pace.tooSlow(time.Now(), c.limits):
		c.engine.cfg.Refused("body_rate")
		return n, errBodyTooSlow
	}
	return n, err
}

func (c *client2) trailers() message.Fields { return c.stream.Trailers() }

func (c *client2) present() ([]byte, bool) { return nil, !c.stream.Request().HasBody() }

func (c *client2) interim(res *message.Response) error {
	return c.stream.WriteHead(res.Status, res.Fields, false)
}

// head keeps the head until it is known whether a body follows.
func (c *client2) head(res *message.Response) error {
	if res.Length >= 0 && c.mayHaveBody(res.Status) {
		c.digits = strconv.AppendInt(c.digits[:0], res.Length, 10)
		res.Fields.Add("content-length", string(c.digits))
	}
	c.held, c.status, c.fields = true, res.Status, res.Fields
	return nil
}

func (c *client2) mayHaveBody(status int) bool {
	return status != http.StatusNoContent && status != http.StatusNotModified && c.stream.Request().Method != http.MethodHead
}

// sendHead sends the head that is held.
func (c *client2) sendHead(end bool) error {
	if !c.held {
		return nil
	}
	c.held = false
	return c.stream.WriteHead(c.status, c.fields, end)
}

func (c *client2) write(p []byte) error {
	if err := c.sendHead(false); err != nil {
		return err
	}
	_, err := c.stream.Write(p)
	return err
}

func (c *client2) finish(p []byte, trailers message.Fields) error {
	last := len(trailers) == 0
	if last && len(p) == 0 && c.held {
		return c.sendHead(true)
	}
	if err := c.sendHead(false); err != nil {
		return err
	}
	if last {
		_, err := c.stream.WriteLast(p)
		return err
	}
	if len(p) > 0 {
		if _, err := c.stream.Write(p); err != nil {
			return err
		}
	}
	return c.stream.End(trailers)
}

// flush sends the head; all else a stream sends as soon as it can.
func (c *client2) flush() error { return c.sendHead(false) }

func (c *client2) stopBody() { c.stream.Reset(http2.NoError) }
func (c *client2) abort()    { c.stream.Reset(http2.InternalError) }
