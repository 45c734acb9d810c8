package http2

// headers takes HEADERS in (6.2).
func (l *link) headers(f *frame) error {
	if f.id == 0 {
		return errStreamZero
	}
	depends, fault := f.strip()
	if fault != nil {
		return fault
	}
	l.selfDependent = depends == f.id
	end := f.has(flagEndStream)
	if f.has(flagEndHeaders) {
		return l.whole(f.id, f.payload, end)
	}
	l.pendingID, l.pendingEnd, l.continued = f.id, end, 0
	l.pending = append(l.pending[:0], f.payload...)
	return nil
}

// continuation goes on with a field block (6.10). The block is bounded before it
// is decoded: twice what its fields may have, and some frames.
func (l *link) continuation(f *frame) error {
	if l.pendingID == 0 {
		return errContinuation
	}
	l.continued++
	if l.continued > maxContinued || len(l.pending)+len(f.payload) > 2*l.block.maxBytes+maxFrame {
		l.refuse("continuation_flood")
		return errBlockSize
	}
	l.pending = append(l.pending, f.payload...)
	if !f.has(flagEndHeaders) {
		return nil
	}
	l.pendingID = 0
	err := l.whole(f.id, l.pending, l.pendingEnd)
	if cap(l.pending) > maxFrame {
		l.pending = nil
	}
	return err
}

// whole takes a whole field block in.
func (l *link) whole(id uint32, p []byte, end bool) error {
	if l.block.decode(p) != nil {
		return errCompression
	}
	return l.role.head(id, end)
}

// trailersOf takes the block for a message whose head is there. The mutex is held.
func (l *link) trailersOf(s *stream, end bool) error {
	switch {
	case s.ended:
		return errHalf
	case l.selfDependent:
		return errDepend
	case !end:
		return errTrailers
	case l.block.over != "":
		l.refuse(l.block.over)
		return errTooLong
	case !l.block.trailers():
		return errMalformed
	case s.want >= 0 && s.got != s.want:
		return errLength
	}
	s.trailers, l.block.fields = l.block.fields, s.trailers[:0]
	s.end()
	return nil
}
