package http2

import (
	"cmp"
	"slices"

	"fairlead.dev/fairlead/dataplane/message"
)

// head takes a field block: a new stream's, or trailers.
func (c *Conn) head(id uint32, end bool) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s := c.streams[id]; {
	case c.err != nil: // while this was read; a new stream would not learn it
		return c.err
	case s != nil:
		return c.trailersOf(s, end)
	case id%2 == 0:
		return errStreamID
	case id <= c.last:
		return c.lateHead(id, end)
	case c.drain == final || c.ending:
		c.closed.set(id, resetByUs)
		return nil
	}
	c.last = id
	switch {
	case c.selfDependent:
		return errDepend
	case c.busy+len(c.lingerers.all) >= c.cfg.MaxStreams:
		c.refuse("streams")
		return errRefused
	case c.block.over != "" || len(c.block.fields) > c.cfg.MaxFields:
		return c.tooLong(id, end)
	}
	return c.accept(id, end)
}

// lateHead is what a head on a stream that has ended leads to (5.1, 5.1.1).
func (c *Conn) lateHead(id uint32, end bool) error {
	if c.lingerers.find(id) >= 0 {
		return c.lingeringTrailers(id, end)
	}
	switch c.closed.get(id) {
	case resetByUs:
		return c.count(&c.limits.stray, maxStray, "stray_frames")
	case resetByPeer:
		return errHalf
	case endedBoth:
		return errClosedStream
	}
	return errStreamID
}

// tooLong answers 431 (RFC 6585 section 5).
func (c *Conn) tooLong(id uint32, end bool) error {
	c.refuse(cmp.Or(c.block.over, "header_count"))
	err := c.sendBlock(id, true, func(e *encoder, b []byte) ([]byte, error) { return e.status(b, 431), nil })
	if err != nil {
		return err
	}
	if end {
		c.closed.set(id, endedBoth)
	} else {
		c.stay(id, streamWindow, message.Unknown)
	}
	return c.countReset("stream_errors")
}

// accept hands a new stream to a Handler, or finds it malformed.
func (c *Conn) accept(id uint32, end bool) error {
	s := c.take()
	if !c.block.request(&s.request) || end && s.request.Length > 0 {
		c.free = append(c.free, s)
		return errMalformed
	}
	if end {
		s.request.Length = 0
	}
	s.begin(id)
	s.want, s.ended = s.request.Length, end
	s.counted = true
	c.running++
	c.busy++
	c.used = true
	s.work <- struct{}{}
	return nil
}

// take returns a stream whose goroutine waits. The mutex is held.
func (c *Conn) take() *Stream {
	if n := len(c.free); n > 0 {
		s := c.free[n-1]
		c.free = c.free[:n-1]
		c.spare = min(c.spare, n-1)
		return s
	}
	s := &Stream{conn: c, work: make(chan struct{}, 1)}
	s.init(&c.link)
	c.workers.Add(1)
	go s.run()
	return s
}

// dismiss ends the goroutines of n free streams, those that were free for the
// longest time. The mutex is held.
func (c *Conn) dismiss(n int) {
	for _, s := range c.free[:n] {
		close(s.work)
	}
	c.free = slices.Delete(c.free, 0, n)
	c.spare = len(c.free)
}

// run is the goroutine of a Stream: it serves one request after another.
func (s *Stream) run() {
	defer s.conn.workers.Done()
	for range s.work {
		s.conn.cfg.Handler(s)
		s.conn.served(s)
	}
}

// served ends a stream whose Handler has returned.
func (c *Conn) served(s *Stream) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.gone = nil
	if !s.done {
		s.abort(InternalError, errReset)
	}
	s.abort(NoError, errReset)
	if s.counted {
		s.counted = false
		c.busy--
	}
	s.discard()
	s.told()
	c.running--
	c.free = append(c.free, s)
	if c.running == 0 {
		c.flushed.Broadcast()
		if c.drain == final && !c.ending {
			c.leave(c.last, NoError)
		}
	}
	if c.err != nil {
		c.dismiss(len(c.free))
	}
}
