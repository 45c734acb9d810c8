package http2

import (
	"errors"
	"io"
	"net"
	"time"
)

// linger is how long an ended connection is read on, so that the client gets our
// last words before its system learns that what it sends is not wanted.
const linger = 500 * time.Millisecond

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
	c.dismiss(len(c.free))
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
// new ones soon. It does not wait for streams that were answered. It returns at
// once.
func (c *Conn) Drain() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.drain != notDraining || c.ending || c.err != nil {
		return
	}
	c.drain = announced
	c.hurried = true
	c.resetLingerers()
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
