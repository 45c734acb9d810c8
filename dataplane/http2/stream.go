package http2

import (
	"sync"

	"fairlead.dev/fairlead/dataplane/message"
)

// streamWindow is what a peer may send on a stream before it is read.
const streamWindow = 256 << 10

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
	s.canRead.Broadcast()
}

// fail ends s with err. The mutex is held.
func (s *stream) fail(err error) {
	if s.err == nil {
		s.err = err
	}
	s.leave(endUnknown)
	s.canRead.Broadcast()
	s.canSend.Broadcast()
	f := s.gone
	if s.gone = nil; f != nil && !s.done {
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
