package http2

import (
	"fairlead.dev/fairlead/dataplane/message"
)

// Stream is one request of a client and its answer. It is the Handler's until
// that returns; then it is used again. One goroutine may Read while another
// writes.
type Stream struct {
	stream
	conn    *Conn
	request message.Request
	work    chan struct{}
}

// Request returns the head. It and its strings' slab are good until the Handler
// returns; the Handler may change it.
func (s *Stream) Request() *message.Request { return &s.request }

// Read reads the request's body. It returns io.EOF at its end, perhaps with the
// last bytes; else the error that the stream failed with, or ErrTimeout if
// nothing came for BodyTimeout, or ErrEnded if the answer has ended.
func (s *Stream) Read(p []byte) (int, error) { return s.read(p) }

// Trailers returns the request's trailers, after Read has returned io.EOF.
func (s *Stream) Trailers() message.Fields {
	s.link.mu.Lock()
	defer s.link.mu.Unlock()
	return s.trailers
}

// WriteHead sends the answer's head, or with a status of 1xx an interim one. The
// names of fields get lower-case. end ends the answer with it. ErrField means
// that nothing was sent.
func (s *Stream) WriteHead(status int, f message.Fields, end bool) error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.head || status < 100 || status > 999 || status == 101 || status < 200 && end {
		return errOr(s.err, ErrEnded)
	}
	c.await(&s.stream)
	if err := s.sendError(); err != nil {
		return err
	}
	err := c.sendBlock(s.id, end, func(e *encoder, b []byte) ([]byte, error) {
		return e.fields(e.status(b, status), f)
	})
	if err != nil {
		return err
	}
	if s.head = status >= 200; end {
		s.done = true
		s.close()
	}
	return nil
}

// Write sends a part of the answer's body. It waits for flow control, and
// returns when p was taken over.
func (s *Stream) Write(p []byte) (int, error) { return s.write(p, false) }

// WriteLast sends the last part of the answer's body and ends the answer.
func (s *Stream) WriteLast(p []byte) (int, error) {
	n, err := s.write(p, true)
	if err == nil {
		s.stop()
	}
	return n, err
}

// End ends the answer, with trailers if there are any.
func (s *Stream) End(trailers message.Fields) error {
	c := s.conn
	c.mu.Lock()
	defer c.mu.Unlock()
	err := s.sendTrailers(trailers)
	if err == nil {
		s.close()
	}
	return err
}

// stop is close with the mutex.
func (s *Stream) stop() {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.close()
}

// close ends a stream whose answer has ended: the rest of the request is not
// wanted any more, and what is left of the stream lingers. The mutex is held.
func (s *Stream) close() {
	s.gone = nil
	if s.settle(); !s.live {
		return
	}
	s.leave(endUnknown)
	want := s.want
	if want > 0 {
		want -= s.got
	}
	s.conn.stay(s.id, s.received.left, want)
}

// Reset ends the stream with a code, which the client learns unless the answer
// has ended. Calls that wait and later ones fail.
func (s *Stream) Reset(code ErrorCode) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	if s.gone = nil; s.done {
		s.close()
	}
	s.abort(code, errReset)
}

// OnGone has f called, once and in another goroutine, when the client resets the
// stream or the connection ends before the answer has. nil unsets it; then, and
// when the Handler has returned, no call is under way and none will be: so f
// must not wait for the Handler.
func (s *Stream) OnGone(f func()) {
	s.conn.mu.Lock()
	defer s.conn.mu.Unlock()
	s.gone = nil
	switch {
	case f == nil:
		s.told()
	case s.err != nil && s.err != errReset:
		s.tell(f)
	case s.live:
		s.gone = f
	}
}
