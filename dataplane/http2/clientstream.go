package http2

import (
	"slices"
	"strconv"

	"fairlead.dev/fairlead/dataplane/message"
)

// maxInterim is how many interim heads of an answer may come before they are
// read.
const maxInterim = 32

// ClientStream is a request at an Endpoint and its answer. One goroutine may
// write the request while another reads the answer.
type ClientStream struct {
	stream
	client  *Client
	closed  bool
	answers answer
}

// answer is what was received of an answer's heads.
type answer struct {
	// head: the request was HEAD. begun: the final head was received.
	head, begun bool
	heads       []answerHead
	room        [1]answerHead
}

type answerHead struct {
	status int
	length int64
	fields message.Fields
}

// Open sends a request's head on a stream that Take reserved. end: there is no
// body. If it fails the reservation is given back; ErrField says that the
// request cannot be written, and every other error is ErrNotProcessed.
func (c *Client) Open(r *message.Request, scheme string, end bool) (*ClientStream, error) {
	s := &ClientStream{client: c}
	s.init(&c.link)
	s.answers.head = r.Method == "HEAD"
	s.answers.heads = s.answers.room[:0]
	s.answer = &s.answers
	c.mu.Lock()
	defer c.mu.Unlock()
	c.await(&s.stream)
	if c.err != nil || c.ending || c.away || c.next > maxID {
		err := unsent(errOr(c.err, ErrClosed))
		c.give()
		return nil, err
	}
	err := c.sendBlock(c.next, end, func(e *encoder, b []byte) ([]byte, error) { return e.request(b, r, scheme) })
	if err != nil {
		c.give()
		return nil, err
	}
	s.begin(c.next)
	s.head, s.done = true, end
	c.queuedID = c.next
	c.next += 2
	return s, nil
}

// request appends a request's head (RFC 9113 section 8.3.1).
func (e *encoder) request(b []byte, r *message.Request, scheme string) ([]byte, error) {
	e.path = append(e.path[:0], r.Path...)
	if r.HasQuery {
		e.path = append(append(e.path, '?'), r.Query...)
	}
	if !message.Only(r.Method, message.Token) || r.Method == "" || !message.Only(text(e.path), message.Target) || !message.Only(r.Host, message.Authority) {
		return b, ErrField
	}
	b = e.field(b, ":method", r.Method)
	if r.Method != "CONNECT" {
		if len(e.path) == 0 {
			return b, ErrField
		}
		b = e.field(b, ":scheme", scheme)
		b = e.field(b, ":path", text(e.path))
	}
	if r.Host != "" {
		b = e.field(b, ":authority", r.Host)
	}
	if r.Length > 0 {
		var digits [20]byte
		b = e.field(b, "content-length", text(strconv.AppendInt(digits[:0], r.Length, 10)))
	}
	return e.requestFields(b, r.Fields)
}

// requestFields leaves out what is said otherwise.
func (e *encoder) requestFields(b []byte, fields message.Fields) ([]byte, error) {
	for i := range fields {
		if f := &fields[i]; f.Is("host") || f.Is("content-length") {
			continue
		}
		var err error
		if b, err = e.fields(b, fields[i:i+1]); err != nil {
			return b, err
		}
	}
	return b, nil
}

// Write sends a part of the request's body. It waits for flow control, and
// returns when p was taken over.
func (s *ClientStream) Write(p []byte) (int, error) { return s.write(p, false) }

// WriteLast sends the last part of the request's body.
func (s *ClientStream) WriteLast(p []byte) (int, error) { return s.write(p, true) }

// End ends the request's body, with trailers if there are any.
func (s *ClientStream) End(trailers message.Fields) error {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	return s.sendTrailers(trailers)
}

// ReadHead waits for the next head of the answer: interim ones, of 1xx, and then
// the final one. The fields are appended to what room res.Fields has.
func (s *ClientStream) ReadHead(res *message.Response) error {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	for {
		switch {
		case s.err == ErrInterrupted:
			return s.err
		case len(s.answers.heads) > 0:
			s.take(res)
			return nil
		case s.err != nil:
			return s.err
		case s.answers.begun:
			return ErrEnded
		}
		s.canRead.Wait()
	}
}

// take hands the oldest head out, and keeps its slab. The mutex is held.
func (s *ClientStream) take(res *message.Response) {
	h := s.answers.heads[0]
	s.answers.heads = slices.Delete(s.answers.heads, 0, 1)
	res.Status, res.Length = h.status, h.length
	res.Fields = append(res.Fields[:0], h.fields...)
	clear(h.fields)
	s.client.slabs = append(s.client.slabs, h.fields[:0])
}

// Read reads the answer's body. It returns io.EOF at its end, perhaps with the
// last bytes.
func (s *ClientStream) Read(p []byte) (int, error) { return s.read(p) }

// Trailers returns the answer's trailers, after Read has returned io.EOF. They
// are good until Close.
func (s *ClientStream) Trailers() message.Fields {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	return s.trailers
}

// Interrupt resets the stream with CANCEL: the calls that wait and all later ones
// fail with ErrInterrupted. Any goroutine may call it, at any time.
func (s *ClientStream) Interrupt() {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	if s.closed {
		return
	}
	s.discard()
	s.abort(Cancel, ErrInterrupted)
	s.err = ErrInterrupted
}

// Close ends the use of the stream and gives its place back. A stream that has
// not ended in both directions is reset with CANCEL.
func (s *ClientStream) Close() {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	s.abort(Cancel, ErrClosed)
	s.discard()
	s.client.give()
}

// head takes a field block of an answer: a head, or trailers.
func (c *Client) head(id uint32, end bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.streams[id]
	switch {
	case s == nil && c.idle(id):
		return errStreamID
	case s == nil:
		return nil
	case s.answer.begun:
		return c.trailersOf(s, end)
	case c.block.over != "":
		c.refuse(c.block.over)
		return errTooLong
	}
	status, ok := c.block.response()
	if !ok || status < 200 && end {
		return errMalformed
	}
	h, err := c.readHead(s, status, end)
	if err != nil {
		return err
	}
	c.queueHead(s, h)
	if end {
		s.end()
	}
	return nil
}

// readHead finds out how long an answer's body is (RFC 9110 section 8.6).
func (c *Client) readHead(s *stream, status int, end bool) (answerHead, error) {
	a := s.answer
	h := answerHead{status: status, length: c.block.length}
	switch {
	case status < 200:
		if len(a.heads) >= maxInterim {
			return h, errInterim
		}
		h.length = 0
		return h, nil
	case a.head || status == 304:
		if h.length != message.Unknown {
			c.block.fields.Add("content-length", c.block.lengthText)
		}
		h.length = 0
	case status == 204 && h.length > 0, end && h.length > 0:
		return h, errLength
	case status == 204 || end:
		h.length = 0
	}
	a.begun = true
	s.want = h.length
	return h, nil
}

// queueHead takes the block's fields along and leaves it another slab.
func (c *Client) queueHead(s *stream, h answerHead) {
	h.fields = c.block.fields
	c.block.fields = nil
	if n := len(c.slabs); n > 0 {
		c.block.fields = c.slabs[n-1]
		c.slabs = c.slabs[:n-1]
	}
	s.answer.heads = append(s.answer.heads, h)
	s.canRead.Broadcast()
}
