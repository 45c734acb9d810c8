package http2

import (
	"encoding/binary"
	"io"
	"sync"
)

const (
	smallInput = 1 << 10
	largeInput = 32 << 10
)

var inputs = sync.Pool{New: func() any { return new([largeInput]byte) }}

// input cuts what is read into frames. Only the reader of a connection uses it.
//
// It begins with a small buffer of its own and takes a large one when that was
// full; rest gives the large one back, so that an idle connection has none.
type input struct {
	from  io.Reader
	buf   []byte
	r, w  int
	large *[largeInput]byte
	small [smallInput]byte
}

func (in *input) init(from io.Reader, first []byte) {
	in.from, in.buf = from, in.small[:]
	if len(first) > smallInput {
		in.buf = make([]byte, max(len(first), largeInput))
	}
	in.w = copy(in.buf, first)
}

// whole says whether a frame is there without another read.
func (in *input) whole() bool {
	return in.w-in.r >= frameHeader && in.w-in.r >= frameHeader+in.length()
}

func (in *input) length() int {
	b := in.buf[in.r:]
	return int(b[0])<<16 | int(b[1])<<8 | int(b[2])
}

// cut takes the next frame off, which is whole.
func (in *input) cut() frame {
	b, n := in.buf[in.r:], in.length()
	in.r += frameHeader + n
	return frame{kind: b[3], flags: b[4], id: binary.BigEndian.Uint32(b[5:]) & maxID, payload: b[frameHeader : frameHeader+n]}
}

// tooLong says whether the next frame is larger than we allow.
func (in *input) tooLong() bool { return in.w-in.r >= 3 && in.length() > maxFrame }

// begun says whether there is a part of a frame that belongs to a field block.
func (in *input) begun() bool {
	n := in.w - in.r
	return n > 0 && (n < 4 || in.buf[in.r+3] == frameHeaders || in.buf[in.r+3] == frameContinuation)
}

// read adds what comes next.
func (in *input) read() error {
	if in.w == len(in.buf) && len(in.buf) < largeInput {
		in.grow()
	}
	if in.r > 0 {
		in.w = copy(in.buf, in.buf[in.r:in.w])
		in.r = 0
	}
	n, err := in.from.Read(in.buf[in.w:])
	in.w += n
	if n > 0 {
		return nil
	}
	if err == nil {
		err = io.ErrNoProgress
	}
	return err
}

func (in *input) grow() {
	if in.large == nil {
		in.large = inputs.Get().(*[largeInput]byte)
	}
	in.w = copy(in.large[:], in.buf[in.r:in.w])
	in.buf, in.r = in.large[:], 0
}

// rest gives the large buffer back if nothing is in it.
func (in *input) rest() {
	if in.r == in.w && len(in.buf) != smallInput {
		in.release()
	}
}

func (in *input) release() {
	if in.large != nil {
		inputs.Put(in.large)
	}
	in.large, in.buf, in.r, in.w = nil, in.small[:], 0, 0
}
