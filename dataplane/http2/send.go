package http2

import "fairlead.dev/fairlead/dataplane/message"

// enough is how much must get through for a wait for windows to start anew: less
// in all that time is no progress.
const enough = 4 << 10

// write sends DATA; last ends the stream with it.
func (s *stream) write(p []byte, last bool) (int, error) {
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	if !s.head || s.done {
		return 0, errOr(s.err, ErrEnded)
	}
	written := 0
	for len(p) > 0 {
		n, err := l.reserve(s, len(p))
		if err != nil {
			return written, err
		}
		flags := byte(0)
		if n == len(p) && last {
			flags = flagEndStream
		}
		l.out = append(appendFrame(l.room(), n, frameData, flags, s.id), p[:n]...)
		l.poke()
		p = p[n:]
		written += n
	}
	if !last {
		return written, s.err
	}
	return written, s.finish(written > 0)
}

// finish notes that END_STREAM was sent, or sends it. The mutex is held.
func (s *stream) finish(sent bool) error {
	if err := s.sendError(); err != nil {
		return err
	}
	l := s.link
	if !sent {
		l.out = appendFrame(l.room(), 0, frameData, flagEndStream, s.id)
		l.poke()
	}
	s.done = true
	s.settle()
	return nil
}

// sendTrailers ends the stream with trailers, if any. The mutex is held.
func (s *stream) sendTrailers(f message.Fields) error {
	if !s.head || s.done {
		return errOr(s.err, ErrEnded)
	}
	if err := s.sendError(); err != nil {
		return err
	}
	if len(f) == 0 {
		return s.finish(false)
	}
	err := s.link.sendBlock(s.id, true, func(e *encoder, b []byte) ([]byte, error) { return e.fields(b, f) })
	if err != nil {
		return err
	}
	return s.finish(true)
}

func (s *stream) sendError() error {
	switch {
	case s.err != nil:
		return s.err
	case !s.live:
		return ErrEnded
	}
	return nil
}

func (s *stream) stall() {
	if s.stalled == 0 {
		s.stalled = now()
	}
}

func (s *stream) progress(n int) {
	if s.stalled == 0 {
		return
	}
	if s.sent += n; s.sent >= enough || s.window > 0 {
		s.stalled, s.sent = 0, 0
	}
}

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
