package wire

import (
	"errors"
	"net"
	"sync/atomic"
	"time"
)

// ErrStale means that a connection was closed, or spoke unasked, while it was
// idle: nothing was sent on it.
var ErrStale = errors.New("the connection ended while it was idle")

// longestWrite bounds one system call, so that a long write shows progress and
// does not keep others from the processor. The records of a Large piece fit in.
const longestWrite = Large + 1<<10

// Socket is a connection's bytes as they are on the wire. One goroutine may read
// while another writes.
type Socket struct {
	net.Conn
	raw rawSocket
	// blocked is since when a write waits, in nanoseconds of Unix time; 0 while
	// none does.
	blocked atomic.Int64
}

// NewSocket returns a Socket on c, which it owns.
func NewSocket(c net.Conn) *Socket {
	s := &Socket{Conn: c}
	s.raw.init(s)
	return s
}

// BlockedSince returns since when a write has waited for the peer without
// progress, in nanoseconds of Unix time; 0 if none does.
func (s *Socket) BlockedSince() int64 { return s.blocked.Load() }

// Interrupt makes the reads and writes that wait fail, and all later ones.
func (s *Socket) Interrupt() { _ = s.SetDeadline(longAgo) }

// InterruptRead does so for reads only.
func (s *Socket) InterruptRead() { _ = s.SetReadDeadline(longAgo) }

var longAgo = time.Unix(1, 0)

// TCP returns the connection to be spliced, or nil if it is no TCP connection.
func (s *Socket) TCP() *net.TCPConn {
	c, _ := s.Conn.(*net.TCPConn)
	return c
}

// The portable forms of what rawSocket does.

func (s *Socket) readPlainly(b *Buffer) error {
	n, err := s.Conn.Read(b.Room())
	b.Filled(n)
	if n > 0 {
		return nil
	}
	b.idle()
	return err
}

func (s *Socket) writePlainly(p []byte) (int, error) {
	s.blocked.Store(time.Now().UnixNano())
	defer s.blocked.Store(0)
	done := 0
	for done < len(p) {
		n, err := s.Conn.Write(p[done:min(done+longestWrite, len(p))])
		if done += n; err != nil {
			return done, err
		}
		s.blocked.Store(time.Now().UnixNano())
	}
	return done, nil
}

func (s *Socket) eachPlainly(b *Buffer, each func() bool) error {
	for {
		if err := s.readPlainly(b); err != nil {
			return err
		}
		if !each() {
			return nil
		}
	}
}

func (s *Socket) roundTripPlainly(p []byte, b *Buffer, fresh bool) error {
	if !fresh {
		if err := s.Look(); err != nil {
			return err
		}
	}
	if _, err := s.writePlainly(p); err != nil {
		return s.lastRead(b, err)
	}
	return s.readPlainly(b)
}

// lastRead reads what a peer said before it would take no more, or returns why
// the write failed.
func (s *Socket) lastRead(b *Buffer, err error) error {
	if s.ReadBuffer(b) != nil {
		return err
	}
	return nil
}
