package http2

import (
	"io"
	"sync"

	"fairlead.dev/fairlead/dataplane/message"
)

// streamWindow is what a peer may send on a stream before it is read.
const streamWindow = 256 << 10

// enough is how much must get through for a wait for windows to start anew: less
// in all that time is no progress.
const enough = 4 << 10

// stream is what the streams of both sides have. The link's mutex guards it.
type stream struct {
	link *link
	id   uint32
	// window is what may be sent.
	window           int64
	canSend, canRead sync.Cond
	// queued: in the link's queue; turn: taken from it to try.
	queued, turn bool
	// stalled is since when there was no window, or next to none; sent is what got
	// through since; waits is since when a Read waits.
	stalled, waits int64
	sent           int

	// head: a final head was sent; done: END_STREAM was.
	head, done bool
	// ended: END_STREAM was received.
	ended bool
	// late: a Read waited for too long.
	late bool
	// answer is what a Client has of it, nil at a Conn.
	answer *answer
	// counted: the stream counts against the limit.
	counted bool
	// live: the stream is among the link's.
	live bool
	// err is what the stream failed with.
	err error

	received credit
	body     body
	// want is the length that the head says, got what came of it.
	want, got int64
	trailers  message.Fields
	// gone is told when the stream fails, see Stream.OnGone; telling: right now.
	gone    func()
	telling bool
}

func (s *stream) init(l *link) {
	s.link = l
	s.canSend.L, s.canRead.L = &l.mu, &l.mu
}

// begin makes s, which was used before, a new stream. The mutex is held.
func (s *stream) begin(id uint32) {
	s.id, s.window, s.received = id, s.link.initialWindow, newCredit(streamWindow)
	s.queued, s.turn, s.stalled, s.waits, s.sent = false, false, 0, 0, 0
	s.head, s.done, s.ended, s.late, s.err = false, false, false, false, nil
	s.want, s.got, s.trailers, s.gone = message.Unknown, 0, s.trailers[:0], nil
	s.live = true
	s.link.streams[id] = s
}

// leave takes s out of the link's streams. The mutex is held.
func (s *stream) leave(how uint64) {
	if !s.live {
		return
	}
	s.live = false
	delete(s.link.streams, s.id)
	s.link.closed.set(s.id, how)
	s.link.role.over(s)
}

// fail ends s with err. The mutex is held.
func (s *stream) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.leave(endUnknown)
	s.canRead.Broadcast()
	s.canSend.Broadcast()
	if f := s.gone; f != nil {
		s.gone = nil
		s.tell(f)
	}
}

// tell calls f in a goroutine of its own.
func (s *stream) tell(f func()) {
	s.telling = true
	go func() {
		f()
		s.link.mu.Lock()
		defer s.link.mu.Unlock()
		s.telling = false
		s.canRead.Broadcast()
	}()
}

// told waits until no call of tell is under way. The mutex is held.
func (s *stream) told() {
	for s.telling {
		s.canRead.Wait()
	}
}

// abort resets s, which fails with err. The mutex is held.
func (s *stream) abort(code ErrorCode, err error) {
	if !s.live {
		if s.err == nil {
			s.err = err
		}
		s.canRead.Broadcast() // the rest of a body may still be waited for
		return
	}
	l := s.link
	if l.err == nil {
		l.out = appendReset(l.room(), s.id, code)
		l.poke()
	}
	s.leave(resetByUs)
	s.fail(err)
}

// settle takes s out if it has ended in both directions. The mutex is held.
func (s *stream) settle() {
	if s.done && s.ended {
		s.leave(endedBoth)
	}
}

// discard drops what was received and not read. The mutex is held.
func (s *stream) discard() {
	if n := s.body.drop(); n > 0 {
		s.link.giveBack(n)
	}
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

func errOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// read reads what was received.
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
			return n, nil
		case s.ended:
			return 0, io.EOF
		case s.err != nil:
			return 0, s.err
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
