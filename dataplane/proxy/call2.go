package proxy

import (
	"io"
	"time"

	"fairlead.dev/fairlead/dataplane/http2"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/wire"
)

// call2 is a request on a connection of HTTP/2 to an Endpoint.
type call2 struct {
	shared *shared
	stream *http2.ClientStream
	// again: the connection had carried another request.
	again bool
	// opened: the place on the connection was used, or given back.
	opened bool
	got    bool
	left   int64
	ended  bool
	spare  *[wire.Large]byte
}

func (c *call2) interrupt() {
	if c.stream != nil {
		c.stream.Interrupt()
	}
}

func (c *call2) reused() bool    { return c.again }
func (c *call2) answered() bool  { return c.got }
func (c *call2) address() string { return c.shared.address }

func (c *call2) send(r *message.Request, body []byte, whole bool) error {
	c.opened = true
	var err error
	if c.stream, err = c.shared.Open(r, c.shared.scheme, whole && len(body) == 0); err != nil {
		return err
	}
	// An Endpoint may answer, and want no more of the body, before it has it all:
	// whoever reads the answer learns why a write failed.
	if whole && len(body) > 0 && c.writeBody(body) == nil {
		_ = c.endBody(nil)
	}
	return nil
}

func (c *call2) writeBody(p []byte) error {
	_, err := c.stream.Write(p)
	return err
}

func (c *call2) endBody(trailers message.Fields) error { return c.stream.End(trailers) }

func (c *call2) readHead(res *message.Response) error {
	if err := c.stream.ReadHead(res); err != nil {
		return err
	}
	c.got = true
	c.left = res.Length
	return nil
}

// waits is true: whether bytes are there already is not asked, and a flush too
// many is cheap, since HTTP/2 sends them together.
func (c *call2) waits() bool { return true }

func (c *call2) next() ([]byte, bool, error) {
	if c.spare == nil {
		c.spare = wire.GetLarge()
	}
	n, err := c.stream.Read(c.spare[:])
	if err == io.EOF {
		c.ended = true
		return c.spare[:n], true, nil
	}
	return c.spare[:n], false, err
}

func (c *call2) trailers() message.Fields { return c.stream.Trailers() }

func (c *call2) close(_ bool, now time.Time) {
	if c.spare != nil {
		wire.PutLarge(c.spare)
		c.spare = nil
	}
	if c.stream != nil {
		c.stream.Close()
	} else if !c.opened {
		c.shared.Return()
	}
	c.shared.last.Store(now.UnixNano())
}
