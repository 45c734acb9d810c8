package http2

import "time"

// period is how often a connection is looked at, so that a request costs no
// timer: a limit is noticed at most as much too late.
func period(limits ...time.Duration) time.Duration {
	p := 10 * time.Second
	for _, d := range limits {
		if d > 0 {
			p = min(p, d)
		}
	}
	return max(p/4, time.Millisecond)
}

// look resets what makes no progress; an error ends the connection. The mutex is
// held.
func (l *link) look() error {
	l.limits.decay()
	switch {
	case since(l.headerSince.Load(), l.headerTime):
		return errHeaderTime
	case since(l.writing, l.writeTimeout):
		return errWriteTime
	case l.window <= 0 && len(l.queue) > 0 && since(l.starved, l.writeTimeout):
		l.refuse("window")
		return errWriteTime
	}
	if l.window > 0 && len(l.queue) == 0 {
		l.starved, l.regained = 0, 0
	}
	for _, s := range l.streams {
		switch {
		case since(s.stalled, l.writeTimeout):
			l.refuse("window")
			s.abort(Cancel, ErrTimeout)
		case l.bodyTime > 0 && since(s.waits, l.bodyTime):
			s.late = true
			s.canRead.Broadcast()
		}
	}
	return nil
}
