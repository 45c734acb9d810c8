package proxy

import (
	"net/http"
	"time"

	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/message"
)

func (c *client1) buffer() *[]byte {
	if c.out == nil {
		c.out = outs.Get().(*[]byte)
	}
	return c.out
}

func (c *client1) putOut() {
	if c.out != nil {
		*c.out = (*c.out)[:0]
		outs.Put(c.out)
		c.out = nil
	}
}

func (c *client1) interim(res *message.Response) error {
	if c.connection.work.head.Minor == 0 {
		return nil // HTTP/1.0 knows no interim answers (RFC 9110 section 15.2)
	}
	if res.Status == http.StatusContinue {
		c.continued = true
	}
	out := c.buffer()
	*out = http1.AppendStatus(*out, res.Status)
	*out = append(http1.AppendFields(*out, res.Fields), "\r\n"...)
	return c.flush()
}

func (c *client1) head(res *message.Response) error {
	n := c.connection
	old := n.work.head.Minor == 0
	c.bare = string(n.work.head.Method) == http.MethodHead || res.Status == http.StatusNoContent || res.Status == http.StatusNotModified
	unknown := res.Length == message.Unknown && !c.bare
	c.chunked, c.untilClose = unknown && !old, unknown && old
	c.last = c.last || c.untilClose || n.closing.Load() || c.spoilt(res.Status)
	out := c.buffer()
	b := http1.AppendFields(http1.AppendStatus(*out, res.Status), res.Fields)
	if !c.bare && !c.untilClose {
		b = http1.AppendFraming(b, res.Length)
	}
	if c.last {
		b = append(b, "Connection: close\r\n"...)
	}
	b = append(b, "\r\n"...)
	*out = b
	return nil
}

// spoilt says whether nothing can be read behind the request's body: it is at
// fault or too large, or nobody can tell whether it will come.
func (c *client1) spoilt(status int) bool {
	return c.faulty.Load() || !c.bodyDone.Load() && (!c.continued || status == http.StatusRequestEntityTooLarge)
}

func (c *client1) write(p []byte) error {
	if c.bare {
		return nil
	}
	out := c.buffer()
	if c.chunked {
		*out = http1.AppendChunk(*out, p)
	} else if len(*out)+len(p) <= fits {
		*out = append(*out, p...)
	} else {
		return c.writeThrough(p)
	}
	if len(*out) > fits {
		return c.flush()
	}
	return nil
}

// writeThrough sends a large piece: behind what waits, where there is something.
func (c *client1) writeThrough(p []byte) error {
	if len(*c.out) > 0 {
		*c.out = append(*c.out, p...)
		return c.flush()
	}
	_, err := c.connection.conn.Write(p)
	return err
}

func (c *client1) flush() error {
	if c.out == nil || len(*c.out) == 0 {
		return nil
	}
	_, err := c.connection.conn.Write(*c.out)
	*c.out = (*c.out)[:0]
	if cap(*c.out) > 2*fits {
		c.out = nil // of a large body: not to be kept
	}
	return err
}

func (c *client1) finish(p []byte, trailers message.Fields) error {
	if len(p) > 0 {
		if err := c.write(p); err != nil {
			return err
		}
	}
	if c.chunked {
		out := c.buffer()
		*out = http1.AppendLastChunk(*out, trailers)
	}
	return c.flush()
}

// abort closes the connection, or resets it where its end would be taken for the
// answer's.
func (c *client1) abort() {
	n := c.connection
	c.broken = true
	if tcp := n.conn.TCP(); tcp != nil && c.untilClose {
		_ = tcp.SetLinger(0)
	}
	if n.polling {
		return // it is closed as soon as this exchange has ended
	}
	_ = n.conn.SetReadDeadline(time.Unix(1, 0))
	n.conn.Socket.Close()
}
