package proxy

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/wire"
)

// client1 is the request that a connection carries now, and its answer.
type client1 struct {
	connection *connection
	requests   int
	// preface is what an HTTP/2 client sent so far, where the connection turned
	// out to be one.
	preface []byte

	// The body.
	left     int64 // of http1.Length
	chunks   http1.Chunks
	bodyDone atomic.Bool
	trailer  message.Fields
	// continued: the client was told to go on with the body.
	continued bool
	stopped   atomic.Bool
	// faulty: the body is not as it should be, so that nothing can follow it.
	faulty  atomic.Bool
	pace    pace
	tooSlow atomic.Bool

	// The answer.
	out     *[]byte
	chunked bool
	// untilClose: the answer's body ends with the connection.
	untilClose bool
	// bare: the answer has no body, or none that is written.
	bare bool
	// last: the connection ends with this answer; broken: at once.
	last, broken bool
}

// outs are the buffers that answers wait in. Most answers fit into one write.
var outs = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// fits is how much of an answer waits to be sent together.
const fits = 16 << 10

// begin makes c ready for the request that its connection has parsed.
func (c *client1) begin() {
	c.connection.interruption.begin()
	h := &c.connection.work.head
	c.requests++
	c.left, c.chunks, c.trailer = h.Length, http1.Chunks{}, c.trailer[:0]
	c.bodyDone.Store(h.Body == http1.NoBody)
	c.continued, c.chunked, c.bare, c.broken = !h.ExpectContinue, false, false, false
	c.last = !h.KeepAlive
	if h.Body != http1.NoBody {
		c.stopped.Store(false)
		c.tooSlow.Store(false)
		c.faulty.Store(false)
		c.pace.reset()
	}
}

// end says whether the connection can carry another request.
func (c *client1) end() bool {
	c.putOut()
	n := c.connection
	switch {
	case c.broken:
		return false
	case c.last || n.closing.Load():
		if !c.bodyDone.Load() {
			n.linger()
		}
		return false
	}
	if !c.finishBody() {
		n.linger()
		return false
	}
	return true
}

// finishBody reads what nobody wanted of the body, up to a limit.
func (c *client1) finishBody() bool {
	if c.bodyDone.Load() && !c.stopped.Load() {
		return true
	}
	n := c.connection
	if !c.bodyDone.Load() {
		if !c.continued {
			return false // the client may send the body or not
		}
		_ = n.conn.SetReadDeadline(time.Now().Add(lateBody))
		buf := wire.GetLarge()
		defer wire.PutLarge(buf)
		for got := 0; !c.bodyDone.Load(); {
			k, err := c.Read(buf[:])
			if got += k; err != nil && !c.bodyDone.Load() || got > longestLinger {
				return false
			}
		}
	}
	return n.conn.SetReadDeadline(time.Time{}) == nil
}

// Read reads the body.
func (c *client1) Read(p []byte) (int, error) {
	if c.bodyDone.Load() {
		return 0, io.EOF
	}
	c.pace.begin()
	n, err := c.read(p)
	limit := c.connection.engine.cfg.Limits.BodyBytes
	if got := c.pace.end(n); limit > 0 && got > limit {
		c.connection.engine.cfg.Refused("body_bytes")
		c.faulty.Store(true)
		return 0, errBodyTooLarge
	}
	if err != nil && err != io.EOF && c.tooSlow.Load() {
		c.faulty.Store(true)
		return n, errBodyTooSlow
	}
	return n, err
}

func (c *client1) read(p []byte) (int, error) {
	if c.connection.work.head.Body == http1.Chunked {
		return c.readChunks(p)
	}
	n, err := c.readSome(p[:min(int64(len(p)), c.left)])
	if c.left -= int64(n); c.left == 0 {
		c.bodyDone.Store(true)
		return n, io.EOF
	}
	return n, unexpected(err)
}

// readSome returns what is there, or else what a read brings.
func (c *client1) readSome(p []byte) (int, error) {
	in := &c.connection.in
	if in.Len() == 0 {
		return c.connection.conn.Read(p)
	}
	n := copy(p, in.Bytes())
	in.Skip(n)
	return n, nil
}

func (c *client1) readChunks(p []byte) (int, error) {
	in := &c.connection.in
	for {
		if in.Len() == 0 {
			if err := c.connection.conn.ReadBuffer(in); err != nil {
				return 0, unexpected(err)
			}
		}
		buf := in.Bytes()
		framing, n, err := c.chunks.Next(buf[:min(len(buf), len(p))])
		if err != nil {
			var fault *http1.Error
			errors.As(err, &fault)
			c.connection.engine.cfg.Refused("malformed")
			c.faulty.Store(true)
			return 0, &bodyError{fault.Status, fault.Error()}
		}
		copy(p, buf[framing:framing+n])
		in.Skip(framing + n)
		if c.chunks.Done() {
			c.bodyDone.Store(true)
			c.trailer = c.chunks.TrailerFields(c.trailer)
			return n, io.EOF
		}
		if n > 0 {
			return n, nil
		}
	}
}

// unexpected makes the end of a connection within a body an error of its own.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (c *client1) trailers() message.Fields { return c.trailer }

// present lends the body of known length that came with its head.
func (c *client1) present() ([]byte, bool) {
	if c.bodyDone.Load() {
		return nil, true
	}
	in := &c.connection.in
	if c.connection.work.head.Body != http1.Length || int64(in.Len()) < c.left {
		return nil, false
	}
	c.bodyDone.Store(true)
	return in.Lend(int(c.left)), true
}

// lateBody is how long a client may go on sending what nobody waits for.
const lateBody = 5 * time.Second

func (c *client1) stopBody() {
	c.stopped.Store(true)
	wait := lateBody
	if !c.continued {
		wait = 0
	}
	_ = c.connection.conn.SetReadDeadline(time.Now().Add(wait))
}

// look cuts a body off that is too slow.
func (c *client1) look(now time.Time) {
	if c.stopped.Load() || !c.pace.tooSlow(now, &c.connection.engine.cfg.Limits) {
		return
	}
	if c.pace.since.Load() != 0 && !c.tooSlow.Swap(true) {
		c.connection.engine.cfg.Refused("body_rate")
		c.connection.conn.InterruptRead()
	}
}
