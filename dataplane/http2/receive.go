package http2

import "io"

// read reads what was received. io.EOF comes with the last bytes where it is
// known, so that they can be sent on with the end in one frame.
func (s *stream) read(p []byte) (int, error) {
	l := s.link
	l.mu.Lock()
	defer l.mu.Unlock()
	for {
		switch {
		case s.err == ErrInterrupted:
			return 0, s.err
		case s.body.n > 0:
			n := s.body.read(p)
			s.freed(n)
			if s.ended && s.body.n == 0 {
				return n, io.EOF
			}
			return n, nil
		case s.ended:
			return 0, io.EOF
		case s.err != nil:
			return 0, s.err
		case !s.live:
			return 0, ErrEnded
		case s.late:
			return 0, ErrTimeout
		case len(p) == 0:
			return 0, nil
		}
		s.waits = now()
		s.canRead.Wait()
		s.waits = 0
	}
}

// freed gives window back for what was read. The mutex is held.
func (s *stream) freed(n int) {
	l := s.link
	l.giveBack(n)
	if s.ended || !s.live {
		return
	}
	if n = s.received.free(n); n > 0 {
		l.out = appendWindow(l.room(), s.id, n)
		l.poke()
	}
}

// receive takes DATA in. The mutex is held.
func (s *stream) receive(p []byte, padded int, end bool) error {
	l := s.link
	if s.answer != nil && !s.answer.begun {
		l.giveBack(len(p) + padded)
		return errMalformed
	}
	if !s.received.take(len(p) + padded) {
		l.giveBack(len(p) + padded)
		return errExcess
	}
	s.got += int64(len(p))
	if s.want >= 0 && (s.got > s.want || end && s.got < s.want) {
		l.giveBack(len(p) + padded)
		return errLength
	}
	if padded > 0 {
		s.freed(padded)
	}
	s.body.add(p)
	if end {
		s.end()
	}
	s.canRead.Broadcast()
	return nil
}

// end notes END_STREAM from the peer. The mutex is held.
func (s *stream) end() {
	s.ended = true
	s.canRead.Broadcast()
	s.settle()
}

// discard drops what was received and not read. The mutex is held.
func (s *stream) discard() {
	if n := s.body.drop(); n > 0 {
		s.link.giveBack(n)
	}
}
