package wire

import (
	"encoding/binary"
	"net"
	"sync"
)

// recordHeader is the length of a TLS record's header: type, version, length
// (RFC 8446 section 5.1).
const recordHeader = 5

// Records is the net.Conn below crypto/tls.
type Records struct {
	*Socket
	in Buffer
	// polling: Read does not wait, see Conn.Each.
	polling bool
	// left are the bytes that are still to be read of the record that is being
	// read.
	left int

	// mu keeps the order of writes: crypto/tls also writes while it reads, to
	// change keys.
	mu sync.Mutex // guards following
	// held keeps writes while it is not nil.
	held *[]byte
}

// NewRecords returns the Records of s, whose connection may be any that is a
// syscall.Conn on a socket. first was read from it already.
func NewRecords(s *Socket, first []byte) *Records {
	r := &Records{Socket: s}
	for len(first) > 0 {
		n := copy(r.in.Room(), first)
		r.in.Filled(n)
		first = first[n:]
	}
	return r
}

var _ net.Conn = (*Records)(nil)

// Read returns no more than what is left of a record, so that crypto/tls holds
// no record that it was not asked for: see Await.
func (r *Records) Read(p []byte) (int, error) {
	for r.left == 0 {
		if r.in.Len() < recordHeader {
			if err := r.more(); err != nil {
				return 0, err
			}
			continue
		}
		r.left = recordHeader + int(binary.BigEndian.Uint16(r.in.Bytes()[3:]))
	}
	if r.in.Len() == 0 {
		if err := r.more(); err != nil {
			return 0, err
		}
	}
	n := copy(p[:min(len(p), r.left)], r.in.Bytes())
	r.in.Skip(n)
	r.left -= n
	r.in.idle()
	return n, nil
}

// whole says whether all of the record that is to be read next is here.
func (r *Records) whole() bool {
	n := r.in.Len()
	if r.left > 0 || n < recordHeader {
		return r.left > 0 && n >= r.left
	}
	return n >= recordHeader+int(binary.BigEndian.Uint16(r.in.Bytes()[3:]))
}

// errNotYet is a net.Error that passes, after which crypto/tls goes on where it
// was.
type errNotYet struct{}

func (errNotYet) Error() string   { return "the record is not whole yet" }
func (errNotYet) Timeout() bool   { return true }
func (errNotYet) Temporary() bool { return true }

func (r *Records) more() error {
	if r.polling {
		return errNotYet{}
	}
	return r.ReadBuffer(&r.in)
}

// Await returns when there is something to read. A connection without any has
// no memory here while it waits.
func (r *Records) Await() error {
	if r.in.Len() > 0 {
		return nil
	}
	return r.ReadBuffer(&r.in)
}

var holds = sync.Pool{New: func() any { return new([]byte) }}

// Hold keeps what is written until Send.
func (r *Records) Hold() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held = holds.Get().(*[]byte)
}

// Send writes what was held in one piece.
func (r *Records) Send() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.Socket.Write(*r.held)
	putHeld(r.held)
	r.held = nil
	return err
}

// take returns what was held, and ends the holding.
func (r *Records) take() *[]byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	held := r.held
	r.held = nil
	return held
}

func putHeld(held *[]byte) {
	*held = (*held)[:0]
	holds.Put(held)
}

// Write writes, or holds back.
func (r *Records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != nil {
		*r.held = append(*r.held, p...)
		return len(p), nil
	}
	return r.Socket.Write(p)
}
