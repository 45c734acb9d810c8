package http2

import (
	"errors"
	"io"
	"net"
	"time"
)

// preface is what a client begins with (RFC 9113 section 3.4).
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// connWindow is what a client may send on all streams before it is read.
const connWindow = 1 << 20

// linger is how long an ended connection is read on, so that the client gets our
// last words before its system learns that what it sends is not wanted.
const linger = 500 * time.Millisecond

// Conn is a client's connection.
type Conn struct {
	link
	cfg *Config
	// last is the latest stream that the client opened. Only the reader writes it,
	// with the mutex.
	last uint32
	// free are streams whose goroutines wait for the next request.
	free []*Stream
	// running counts the Handlers that have not returned; busy those of them whose
	// streams did not end well yet.
	running, busy int
	// unused counts the ticks without a stream; used: there was one since the last.
	unused int
	used   bool
	drain  drainState
	period time.Duration
	ticker *time.Timer
}

// drainState is how far a Drain is (RFC 9113 section 6.8).
type drainState int

const (
	notDraining drainState = iota
	// announced: GOAWAY was sent without a last stream, and a PING behind it.
	announced
	// awaited: a tick has passed since.
	awaited
	// final: GOAWAY was sent with the last stream; later ones are ignored.
	final
)

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

// end ends everything after the reader has stopped for a reason.
func (c *Conn) end(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ticker.Stop()
	fault, ours := err.(*Error)
	if ours && !fault.Remote && c.err == nil {
		c.leave(c.last, fault.Code)
	}
	lingers := c.ending && c.err == nil
	switch err {
	case nil:
		c.fail(ErrClosed)
	case io.EOF:
		c.fail(errGone)
	default:
		c.fail(err)
	}
	if lingers {
		c.farewell()
	}
	_ = c.c.Close()
	c.dismiss(0)
	for c.running > 0 {
		c.flushed.Wait()
	}
	c.flush()
	c.restWriter()
	c.mu.Unlock()
	c.workers.Wait()
	c.in.release()
	c.mu.Lock()
	if !ours && (err == io.EOF || errors.Is(err, net.ErrClosed) || err == ErrClosed) {
		return nil
	}
	return err
}

// farewell sees that what was written arrives, for a short while.
func (c *Conn) farewell() {
	_ = c.c.SetDeadline(time.Now().Add(linger))
	c.flush()
	c.mu.Unlock()
	defer c.mu.Lock()
	if half, ok := c.c.(interface{ CloseWrite() error }); !ok || half.CloseWrite() != nil {
		return
	}
	c.in.r, c.in.w = 0, 0
	for c.in.read() == nil {
		c.in.r = c.in.w
	}
}

// Drain ends the connection when the streams under way have ended, and takes no
// new ones soon. It returns at once.
func (c *Conn) Drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drain != notDraining || c.ending || c.err != nil {
		return
	}
	c.drain = announced
	c.out = appendGoAway(c.room(), maxID, NoError)
	c.out = append(appendFrame(c.out, 8, framePing, 0, 0), "draining"...)
	c.poke()
}

// conclude ends the taking of streams: those that come after last are ignored.
// The mutex is held.
func (c *Conn) conclude() {
	if c.drain != announced && c.drain != awaited {
		return
	}
	c.drain = final
	if c.running > 0 {
		c.out = appendGoAway(c.room(), c.last, NoError)
		c.poke()
		return
	}
	c.leave(c.last, NoError)
}

// Close ends the connection at once. Serve returns when the Handlers have.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fail(ErrClosed)
	return c.c.Close()
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
	if c.used || c.running > 0 {
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

// restUnused gives back what an idle connection does not need, and ends one that
// is idle for too long.
func (c *Conn) restUnused() {
	if c.unused > 1 {
		c.dismiss(1)
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
