package http2

import (
	"encoding/binary"
)

// The kinds of frames (RFC 9113 section 6).
const (
	frameData         = 0x0
	frameHeaders      = 0x1
	framePriority     = 0x2
	frameReset        = 0x3
	frameSettings     = 0x4
	framePush         = 0x5
	framePing         = 0x6
	frameGoAway       = 0x7
	frameWindow       = 0x8
	frameContinuation = 0x9
)

// The flags of frames. END_STREAM and ACK are the same bit of different frames.
const (
	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

const (
	frameHeader = 9
	// maxFrame is the largest payload that we allow the peer (section 4.2): the
	// smallest that may be allowed.
	maxFrame = 16 << 10
	// maxID is the last stream identifier, maxWindow the largest window.
	maxID     = 1<<31 - 1
	maxWindow = 1<<31 - 1
	// plainWindow is every window's size where nothing else was said (6.9.2).
	plainWindow = 65535
)

// frame is one that was read. Its payload is a piece of the input's buffer, good
// until the next frame is asked for.
type frame struct {
	kind, flags byte
	id          uint32
	payload     []byte
}

func (f *frame) has(flag byte) bool { return f.flags&flag != 0 }

// strip removes padding (6.1) and, from HEADERS, the priority (6.2). It returns
// the stream that this one depends on, 0 for none.
func (f *frame) strip() (depends uint32, err *Error) {
	p := f.payload
	padding := 0
	if f.has(flagPadded) {
		if len(p) < 1 {
			return 0, errFrameSize
		}
		padding, p = int(p[0]), p[1:]
	}
	if f.kind == frameHeaders && f.has(flagPriority) {
		if len(p) < 5 {
			return 0, errFrameSize
		}
		depends, p = binary.BigEndian.Uint32(p)&maxID, p[5:]
	}
	if padding > len(p) {
		return 0, errPadding
	}
	f.payload = p[:len(p)-padding]
	return depends, nil
}

// appendFrame appends a frame's header.
func appendFrame(b []byte, length int, kind, flags byte, id uint32) []byte {
	return append(b, byte(length>>16), byte(length>>8), byte(length), kind, flags,
		byte(id>>24), byte(id>>16), byte(id>>8), byte(id))
}

func appendSetting(b []byte, id uint16, value uint32) []byte {
	return binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16(b, id), value)
}

func appendReset(b []byte, id uint32, code ErrorCode) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, 4, frameReset, 0, id), uint32(code))
}

func appendWindow(b []byte, id uint32, n int) []byte {
	return binary.BigEndian.AppendUint32(appendFrame(b, 4, frameWindow, 0, id), uint32(n))
}

func appendGoAway(b []byte, last uint32, code ErrorCode) []byte {
	b = appendFrame(b, 8, frameGoAway, 0, 0)
	b = binary.BigEndian.AppendUint32(b, last)
	return binary.BigEndian.AppendUint32(b, uint32(code))
}
