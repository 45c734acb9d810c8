package http2

// credit is what a peer may send: a window of which parts come back when they
// were used, in batches (RFC 9113 section 6.9).
type credit struct {
	// left may still be received, used was and is not given back yet.
	left, used, size int
}

func newCredit(size int) credit { return credit{left: size, size: size} }

// take takes what was received; false if it was not allowed.
func (c *credit) take(n int) bool {
	c.left -= n
	return c.left >= 0
}

// free says that n bytes were used, and returns what is to be given back now.
func (c *credit) free(n int) int {
	c.used += n
	if 2*c.used < c.size {
		return 0
	}
	n = c.used
	c.left += n
	c.used = 0
	return n
}

// giveBack gives n bytes of the connection's window back. The mutex is held.
func (l *link) giveBack(n int) {
	if n = l.received.free(n); n > 0 {
		l.out = appendWindow(l.room(), 0, n)
		l.poke()
	}
}

// grow adds to the window of the connection, or of s. The mutex is held.
func (l *link) grow(s *stream, n int64) error {
	switch {
	case s == nil && n == 0:
		return errAnyIncrement
	case n == 0:
		return errIncrement
	case s == nil && l.window+n > maxWindow:
		return errAnyWindow
	case s == nil:
		l.window += n
		if l.regained += n; l.regained >= enough {
			l.starved, l.regained = 0, 0
		}
		l.wakeNext()
	case s.window+n > maxWindow:
		return errWindow
	default:
		s.window += n
		if s.window > 0 {
			s.canSend.Signal()
		}
	}
	return nil
}

// reserve waits until up to want bytes may be sent on s, and takes them. The
// mutex is held, but not meanwhile. Those that wait for what all streams share
// wait in line.
func (l *link) reserve(s *stream, want int) (int, error) {
	turn := false
	for {
		switch err := s.sendError(); {
		case err != nil:
			l.pass(s)
			return 0, err
		case s.window <= 0:
			l.pass(s)
			s.stall()
			s.canSend.Wait()
		case !l.open() || len(l.queue) > 0 && !turn:
			if l.line(s); s.queued {
				s.canSend.Wait()
			}
			turn = s.turn
		default:
			n := min(want, int(min(s.window, l.window)), l.maxFrame)
			s.window -= int64(n)
			l.window -= int64(n)
			s.progress(n)
			l.pass(s)
			return n, nil
		}
	}
}

// open says whether any stream may send.
func (l *link) open() bool { return l.window > 0 && len(l.out) < maxWrite }

// line puts s into the line.
func (l *link) line(s *stream) {
	if s.turn = false; s.queued {
		return
	}
	s.queued = true
	l.queue = append(l.queue, s)
	if l.window <= 0 && l.starved == 0 {
		l.starved = now()
	}
	if l.open() {
		l.wakeNext()
	}
}

// pass takes s out of the line and lets the next one try.
func (l *link) pass(s *stream) {
	if s.queued {
		for i := range l.queue {
			if l.queue[i] == s {
				l.queue = append(l.queue[:i], l.queue[i+1:]...)
				break
			}
		}
	}
	s.turn, s.queued = false, false
	l.wakeNext()
}

// wakeNext lets the first in line try, if there is a point in it.
func (l *link) wakeNext() {
	if len(l.queue) == 0 || !l.open() {
		return
	}
	s := l.queue[0]
	l.queue = append(l.queue[:0], l.queue[1:]...)
	s.queued, s.turn = false, true
	s.canSend.Signal()
}
