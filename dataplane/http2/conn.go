package http2

import (
	"net"
	"time"
)

// preface is what a client begins with (RFC 9113 section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// connWindow is what a client may send on all streams before it is read.
const connWindow = 1 << 20

// Conn is a client's connection.
type Conn struct {
	link
	cfg *Config
	// last is the latest stream that the client opened. Only the reader writes it,
	// with the mutex.
	last uint32
	// free are streams whose goroutines wait for the next request.
	free []*Stream
	// spare is how many were free all the time since the last tick.
	spare int
	// running counts the Handlers that have not returned; busy those of them whose
	// streams did not end well yet. With the lingerers these are the streams that
	// count.
	running, busy int
	// unused counts the ticks without a stream; used: there was one since the last.
	unused int
	used   bool
	drain  drainState
	period time.Duration
	ticker *time.Timer
}

// NewConn returns a connection on c, which it owns. first was read from c
// already. Call Serve.
func NewConn(c net.Conn, first []byte, cfg *Config) *Conn {
	n := &Conn{cfg: cfg.withDefaults()}
	n.init(c, n, first, n.cfg.MaxHeaderBytes, n.cfg.MaxFields)
	n.refused = n.cfg.Refused
	n.headerTime, n.writeTimeout, n.bodyTime = n.cfg.HeaderTimeout, n.cfg.WriteTimeout, n.cfg.BodyTimeout
	n.received = newCredit(connWindow)
	n.greet()
	n.period = period(n.cfg.IdleTimeout, n.headerTime, n.writeTimeout, n.bodyTime)
	return n
}

// Serve serves until the connection has ended and all Handlers have returned. It
// returns nil if the client closed it, or Drain, Close or IdleTimeout did.
func (c *Conn) Serve() error {
	c.mu.Lock()
	c.poke()
	c.ticker = time.AfterFunc(c.period, c.tick)
	c.mu.Unlock()
	err := c.readPreface()
	if err == nil {
		err = c.readFrames()
	}
	return c.end(err)
}

// greet begins what we send: our SETTINGS, and a larger window.
func (c *Conn) greet() {
	b := appendFrame(c.room(), 3*6, frameSettings, 0, 0)
	b = appendSetting(b, settingStreams, uint32(c.cfg.MaxStreams))
	b = appendSetting(b, settingWindow, streamWindow)
	b = appendSetting(b, settingHeaderList, uint32(c.cfg.MaxHeaderBytes))
	c.out = appendWindow(b, 0, connWindow-plainWindow)
}

// readPreface reads the preface, and sees that SETTINGS follows.
func (c *Conn) readPreface() error {
	c.headerSince.Store(now())
	for at := 0; ; {
		there := c.in.buf[c.in.r:c.in.w]
		for ; at < min(len(preface), len(there)); at++ {
			if there[at] != preface[at] {
				return errPreface
			}
		}
		if len(there) >= len(preface)+4 {
			if there[len(preface)+3] != frameSettings {
				return errFirstSettings
			}
			c.in.r += len(preface)
			return nil
		}
		if err := c.in.read(); err != nil {
			return c.readError(err)
		}
	}
}

// Streams returns how many Handlers are under way.
func (c *Conn) Streams() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.running
}

// tick looks at the connection now and then.
func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil || c.ending {
		return
	}
	if err := c.look(); err != nil {
		c.lookFailed(err)
		return
	}
	c.dismiss(c.spare)
	if c.used || c.running > 0 || len(c.lingerers.all) > 0 {
		c.used, c.unused = false, 0
	} else {
		c.unused++
		c.restUnused()
	}
	switch c.drain {
	case announced:
		c.drain = awaited
	case awaited:
		c.conclude()
	}
	c.ticker.Reset(c.period)
}

func (c *Conn) lookFailed(err error) {
	switch err {
	case errHeaderTime:
		c.refuse("header_timeout")
		c.leave(c.last, EnhanceYourCalm)
	default:
		c.fail(err)
		_ = c.c.Close()
	}
}

// restUnused lets the writer of an idle connection go, and ends one that is idle
// for too long.
func (c *Conn) restUnused() {
	if c.unused > 1 {
		c.restWriter()
	}
	if time.Duration(c.unused)*c.period > c.cfg.IdleTimeout {
		c.leave(c.last, NoError)
	}
}

// The role of a server.

func (c *Conn) idle(id uint32) bool {
	return id%2 == 0 || id > c.last && c.closed.get(id) == endUnknown
}

func (c *Conn) goaway(uint32, ErrorCode) {}

func (c *Conn) settled(int64) {}

func (c *Conn) pong() { c.conclude() }

// over: busy counts a stream that was reset until its Handler has returned.
func (c *Conn) over(s *stream) {
	if s.err == nil && s.done {
		s.counted = false
		c.busy--
		c.limits.answered++
	}
}
