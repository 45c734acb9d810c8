package http2

import (
	"encoding/binary"
	"errors"
	"io"
)

// readFrames reads and takes in frames until the connection ends. It is the
// reader, and returns why it ended: io.EOF where the peer closed it, nil where
// this side is ending it.
func (l *link) readFrames() error {
	for {
		for l.in.whole() {
			if l.in.tooLong() {
				return errFrameSize
			}
			if err := l.take(l.in.cut()); err != nil {
				return err
			}
		}
		if l.in.tooLong() {
			return errFrameSize
		}
		if l.pendingID != 0 || l.in.begun() {
			if l.headerSince.Load() == 0 {
				l.headerSince.Store(now())
			}
		} else if l.headerSince.Load() != 0 {
			l.headerSince.Store(0)
		}
		if l.in.large != nil && l.in.r == l.in.w {
			l.restInput()
		}
		if err := l.in.read(); err != nil {
			return l.readError(err)
		}
	}
}

// restInput gives the large buffer back if no stream needs it soon.
func (l *link) restInput() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.streams) == 0 && len(l.lingerers.all) == 0 {
		l.in.rest()
	}
}

func (l *link) readError(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.err != nil:
		return l.err
	case l.ending:
		return nil
	case errors.Is(err, io.EOF) || err == io.ErrNoProgress:
		return io.EOF
	}
	return err
}

// take takes one frame in. A fault of one stream resets that; the error is one
// of the connection.
func (l *link) take(f frame) error {
	if l.pendingID != 0 && (f.kind != frameContinuation || f.id != l.pendingID) {
		return errContinuation
	}
	err := l.frame(&f)
	fault, ok := err.(*Error)
	if !ok || fault.Conn {
		return err
	}
	return l.fault(f.id, fault)
}

// fault resets a stream because of the peer's fault.
func (l *link) fault(id uint32, fault *Error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.streams[id]; s != nil {
		s.discard()
		s.abort(fault.Code, fault)
	} else {
		l.part(id, resetByUs)
		l.out = appendReset(l.room(), id, fault.Code)
		l.closed.set(id, resetByUs)
		l.poke()
	}
	if fault == errRefused {
		return l.count(&l.limits.refusals, maxRefusals, "streams")
	}
	return l.countReset("stream_errors")
}

func (l *link) frame(f *frame) error {
	switch f.kind {
	case frameHeaders:
		return l.headers(f)
	case frameContinuation:
		return l.continuation(f)
	case framePush:
		return errPush
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch f.kind {
	case frameData:
		return l.data(f)
	case framePriority:
		return l.priority(f)
	case frameReset:
		return l.reset(f)
	case frameSettings:
		return l.settings(f)
	case framePing:
		return l.ping(f)
	case frameGoAway:
		return l.goaway(f)
	case frameWindow:
		return l.windowUpdate(f)
	}
	return l.count(&l.limits.stray, maxStray, "stray_frames")
}

// data takes DATA in (6.1).
func (l *link) data(f *frame) error {
	if f.id == 0 {
		return errStreamZero
	}
	size := len(f.payload)
	if !l.received.take(size) {
		return errAnyExcess
	}
	if _, err := f.strip(); err != nil {
		return err
	}
	end := f.has(flagEndStream)
	s := l.streams[f.id]
	if s == nil || s.ended {
		l.giveBack(size)
		if i := l.lingerers.find(f.id); i >= 0 {
			return l.lingeringData(i, f, size)
		}
		return l.stray(f, s)
	}
	if len(f.payload) == 0 && !end {
		if err := l.count(&l.limits.empty, maxEmpty, "empty_frames"); err != nil {
			return err
		}
	}
	return s.receive(f.payload, size-len(f.payload), end)
}

// stray says what a frame that belongs to a message leads to where there is no
// message for it (5.1).
func (l *link) stray(f *frame, s *stream) error {
	switch {
	case s != nil:
		return errHalf
	case l.role.idle(f.id):
		return errIdle
	}
	switch l.closed.get(f.id) {
	case endedBoth:
		return errClosedStream
	case resetByPeer:
		return errHalf
	}
	return l.count(&l.limits.stray, maxStray, "stray_frames") // it was on its way
}

func (l *link) priority(f *frame) error {
	switch {
	case f.id == 0:
		return errStreamZero
	case len(f.payload) != 5:
		if l.role.idle(f.id) {
			return errFrameSize
		}
		return streamFault(FrameSizeError, "a PRIORITY of the wrong size (6.3)")
	case binary.BigEndian.Uint32(f.payload)&maxID == f.id:
		if l.role.idle(f.id) {
			return errDepends
		}
		return errDepend
	}
	return l.count(&l.limits.stray, maxStray, "stray_frames")
}

// reset takes RST_STREAM in (6.4).
func (l *link) reset(f *frame) error {
	switch {
	case len(f.payload) != 4:
		return errFrameSize
	case f.id == 0:
		return errStreamZero
	case l.role.idle(f.id):
		return errIdle
	}
	s := l.streams[f.id]
	switch {
	case s == nil && l.part(f.id, resetByPeer):
		return nil
	case s == nil:
		return l.count(&l.limits.stray, maxStray, "stray_frames")
	}
	var err error
	if !s.head {
		err = l.countReset("rapid_reset")
	}
	code := ErrorCode(binary.BigEndian.Uint32(f.payload))
	s.leave(resetByPeer)
	s.fail(&Error{Code: code, Remote: true, unprocessed: code == RefusedStream})
	return err
}

// ping answers a PING (6.7).
func (l *link) ping(f *frame) error {
	switch {
	case len(f.payload) != 8:
		return errFrameSize
	case f.id != 0:
		return errStreamZero
	case f.has(flagAck):
		l.role.pong()
		return nil
	}
	if err := l.count(&l.limits.pings, maxPings, "ping_flood"); err != nil {
		return err
	}
	if err := l.answer("ping_flood"); err != nil {
		return err
	}
	l.out = append(appendFrame(l.room(), 8, framePing, flagAck, 0), f.payload...)
	l.poke()
	return nil
}

func (l *link) goaway(f *frame) error {
	switch {
	case len(f.payload) < 8:
		return errFrameSize
	case f.id != 0:
		return errStreamZero
	}
	l.role.goaway(binary.BigEndian.Uint32(f.payload)&maxID, ErrorCode(binary.BigEndian.Uint32(f.payload[4:])))
	return nil
}

// windowUpdate takes WINDOW_UPDATE in (6.9).
func (l *link) windowUpdate(f *frame) error {
	if len(f.payload) != 4 {
		return errFrameSize
	}
	n := int64(binary.BigEndian.Uint32(f.payload) & maxID)
	if f.id == 0 {
		return l.grow(nil, n)
	}
	s := l.streams[f.id]
	switch {
	case s != nil:
		return l.grow(s, n)
	case l.role.idle(f.id):
		return errIdle
	case n == 0 && l.lingerers.find(f.id) >= 0:
		return errIncrement
	}
	return nil
}
