package proxy

import (
	"io"
	"time"

	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/wire"
)

// call1 is a connection of HTTP/1.1 to an Endpoint, and the request that it
// carries now.
type call1 struct {
	pool *pool
	conn *wire.Conn
	// idleSince is when the last request ended, in nanoseconds of Unix time. used:
	// there was one.
	idleSince int64
	used      bool
	// fresh: there was no time for the connection to end.
	fresh bool

	// The request.
	method   string
	out      []byte
	unsent   []byte // what the first readHead sends before it waits
	chunked  bool   // its body is
	in       wire.Buffer
	response http1.Response
	got      bool // something of an answer came

	// The answer's body.
	left    int64 // of http1.Length
	chunks  http1.Chunks
	ended   bool
	spare   *[wire.Large]byte
	trailer message.Fields
}

// longestHead bounds the head of an answer.
const longestHead = 1 << 20

// justNow is a time in which an Endpoint does not come to end a connection that
// it has just used; it is no longer than the way to it, in which its end would
// not be seen anyway.
const justNow = 100 * time.Microsecond

// begin makes c ready for a request that came at a time.
func (c *call1) begin(method string, now time.Time) {
	c.method, c.unsent, c.got, c.ended = method, nil, false, false
	c.fresh = !c.used || now.UnixNano()-c.idleSince < int64(justNow)
	c.trailer = c.trailer[:0]
}

func (c *call1) interrupt()      { c.conn.Interrupt() }
func (c *call1) reused() bool    { return c.used }
func (c *call1) answered() bool  { return c.got }
func (c *call1) address() string { return c.conn.RemoteAddr().String() }

// send keeps head and body where both are there, to write them in the same step
// that waits for the answer.
func (c *call1) send(r *message.Request, body []byte, whole bool) error {
	c.chunked = r.Length == message.Unknown
	if whole && c.chunked {
		known := *r
		known.Length, c.chunked = int64(len(body)), false
		r = &known
	}
	c.out = append(http1.AppendRequest(c.out[:0], r), body...)
	if whole {
		c.unsent = c.out
		return nil
	}
	if err := c.conn.Look(); err != nil {
		return err
	}
	_, _ = c.conn.Write(c.out) // whoever reads the answer learns why it failed
	return nil
}

func (c *call1) writeBody(p []byte) error {
	if c.chunked {
		p = http1.AppendChunk(c.out[:0], p)
		c.out = p[:0]
	}
	_, err := c.conn.Write(p)
	return err
}

func (c *call1) endBody(trailers message.Fields) error {
	if !c.chunked {
		return nil
	}
	_, err := c.conn.Write(http1.AppendLastChunk(c.out[:0], trailers))
	return err
}

func (c *call1) readHead(res *message.Response) error {
	c.in.Reclaim()
	end, err := c.findHead()
	if err != nil {
		return err
	}
	if err := c.response.Parse(c.in.Lend(end), c.method); err != nil {
		return err
	}
	c.response.Message(res)
	c.left, c.chunks = c.response.Length, http1.Chunks{}
	c.ended = c.response.Body == http1.NoBody && c.response.Status >= 200
	return nil
}

// findHead reads until a head is there and returns its length.
func (c *call1) findHead() (int, error) {
	for seen := 0; ; {
		if n := c.in.Len(); n > seen {
			end, err := http1.HeadEnd(c.in.Bytes(), seen)
			if end >= 0 || err != nil {
				return end, err
			}
			if seen = n; seen > longestHead {
				return 0, errHeadTooLong
			}
		}
		if err := c.more(); err != nil {
			return 0, err
		}
		c.got = true
	}
}

var errHeadTooLong = &http1.Error{Status: 502, Section: "RFC 9110 5.4", Message: "the answer's head is too long"}

// more reads more, after it has sent what is unsent.
func (c *call1) more() error {
	if out := c.unsent; out != nil {
		c.unsent = nil
		return c.conn.RoundTrip(out, &c.in, c.fresh)
	}
	return c.conn.ReadBuffer(&c.in)
}

func (c *call1) waits() bool { return c.in.Len() == 0 }

func (c *call1) next() ([]byte, bool, error) {
	switch c.response.Body {
	case http1.Length:
		return c.nextOfLength()
	case http1.Chunked:
		return c.nextOfChunks()
	case http1.UntilClose:
		p, err := c.piece(wire.Large)
		if err == io.EOF {
			return p, true, nil
		}
		return p, false, err
	}
	return nil, true, nil
}

func (c *call1) nextOfLength() ([]byte, bool, error) {
	p, err := c.piece(c.left)
	if err != nil {
		return nil, false, err
	}
	c.left -= int64(len(p))
	c.ended = c.left == 0
	return p, c.ended, nil
}

// piece returns up to limit bytes: those that are there, or else what a read
// brings.
func (c *call1) piece(limit int64) ([]byte, error) {
	if n := c.in.Len(); n > 0 {
		p := c.in.Bytes()[:min(int64(n), limit)]
		c.in.Skip(len(p))
		return p, nil
	}
	if c.spare == nil {
		c.spare = wire.GetLarge()
	}
	n, err := c.conn.ReadBody(c.spare[:min(wire.Large, limit)])
	return c.spare[:n], err
}

// nextOfChunks returns no bytes where what was there was only framing, so that
// whoever asks can flush before it waits.
func (c *call1) nextOfChunks() ([]byte, bool, error) {
	if c.in.Len() == 0 {
		if err := c.conn.ReadBuffer(&c.in); err != nil {
			return nil, false, err
		}
	}
	buf := c.in.Bytes()
	framing, n, err := c.chunks.Next(buf)
	if err != nil {
		return nil, false, err
	}
	c.in.Skip(framing + n)
	if c.chunks.Done() {
		c.ended = true
		c.trailer = c.chunks.TrailerFields(c.trailer)
	}
	return buf[framing : framing+n], c.ended, nil
}

func (c *call1) trailers() message.Fields { return c.trailer }

// close gives the connection back, where nothing of the answer is left and
// nothing came after it.
func (c *call1) close(keep bool, now time.Time) {
	if c.spare != nil {
		wire.PutLarge(c.spare)
		c.spare = nil
	}
	keep = keep && c.ended && c.response.KeepAlive && c.in.Len() == 0
	c.in.Release()
	if !keep {
		c.conn.Socket.Close() // at once, whatever waits to be sent
		return
	}
	c.used, c.idleSince = true, now.UnixNano()
	c.pool.put(c)
}
