//go:build linux && !race && (amd64 || arm64)

package wire

import (
	"io"
	"os"
	"syscall"
	"time"
	"unsafe"
)

// rawSocket makes the system calls of a Socket by itself, where it can. A
// connection's calls never block, so the scheduler need not hear of them.
type rawSocket struct {
	socket *Socket
	conn   syscall.RawConn
	in     reading
	out    writing
}

// reading is the state of a read. The callbacks are made once: a method value
// allocates.
type reading struct {
	p     []byte
	b     *Buffer
	n     int
	errno syscall.Errno
	// request is what a round trip still has to write.
	request []byte
	step    step
	unsent  int
	// each is called by Each when bytes have come.
	each func() bool

	read, trip, pour func(fd uintptr) bool
}

// step is where a round trip is.
type step uint8

const (
	looking step = iota
	sending
	waiting
	broken // before anything was written
	unsent // by the write
)

// writing is the state of a write.
type writing struct {
	p     []byte
	done  int
	errno syscall.Errno
	write func(fd uintptr) bool
}

func (r *rawSocket) init(s *Socket) {
	c, ok := s.Conn.(syscall.Conn)
	if !ok {
		return
	}
	conn, err := c.SyscallConn()
	if err != nil {
		return
	}
	r.socket, r.conn = s, conn
	r.in.read, r.in.trip, r.in.pour, r.out.write = r.tryRead, r.tryTrip, r.tryEach, r.tryWrite
}

// read and write return the result of one call, with EINTR done. recv and send
// are a little cheaper on a socket than read and write.
func read(fd uintptr, p []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), 0, 0, 0)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

func write(fd uintptr, p []byte) (int, syscall.Errno) {
	if len(p) > longestWrite {
		p = p[:longestWrite]
	}
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_SENDTO, fd, uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_NOSIGNAL, 0, 0)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

// Read reads as net.Conn does.
func (s *Socket) Read(p []byte) (int, error) {
	r := &s.raw
	if r.conn == nil || len(p) == 0 {
		return s.Conn.Read(p)
	}
	r.in.p = p
	err := r.conn.Read(r.in.read)
	r.in.p = nil
	if err := r.in.result("read", err); err != nil {
		return 0, err
	}
	return r.in.n, nil
}

// ReadBuffer adds what comes next to b. While it waits, an empty b has no memory.
func (s *Socket) ReadBuffer(b *Buffer) error {
	r := &s.raw
	if r.conn == nil {
		return s.readPlainly(b)
	}
	r.in.b = b
	err := r.conn.Read(r.in.read)
	r.in.b = nil
	return r.in.result("read", err)
}

func (i *reading) result(op string, err error) error {
	switch {
	case err != nil:
		return err
	case i.errno != 0:
		return os.NewSyscallError(op, i.errno)
	case i.n == 0:
		return io.EOF
	}
	return nil
}

func (r *rawSocket) tryRead(fd uintptr) bool {
	in := &r.in
	if in.b == nil {
		in.n, in.errno = read(fd, in.p)
		return in.errno != syscall.EAGAIN
	}
	in.n, in.errno = read(fd, in.b.Room())
	if in.errno != 0 || in.n == 0 {
		in.b.idle()
		return in.errno != syscall.EAGAIN
	}
	in.b.Filled(in.n)
	return true
}

// Each adds what comes to b and calls each, again and again, until each returns
// false, which makes it return nil, or the connection ends. While it waits, an
// empty b has no memory.
//
// All of it is one wait of the poller. Readiness is not lost between two reads
// within one, so after a read that took all there was there is no need to read
// in vain before waiting. But the socket is busy meanwhile: each must not read
// from it or close it. And an end that came together with bytes is not noticed;
// Gone tells.
func (s *Socket) Each(b *Buffer, each func() bool) error {
	r := &s.raw
	if r.conn == nil {
		return s.eachPlainly(b, each)
	}
	r.in.b, r.in.each, r.in.n, r.in.errno = b, each, 1, 0
	err := r.conn.Read(r.in.pour)
	r.in.b, r.in.each = nil, nil
	return r.in.result("read", err)
}

func (r *rawSocket) tryEach(fd uintptr) bool {
	in := &r.in
	for {
		room := in.b.Room()
		if in.n, in.errno = read(fd, room); in.errno != 0 || in.n == 0 {
			in.b.idle()
			return in.errno != syscall.EAGAIN
		}
		in.b.Filled(in.n)
		took := in.n
		if !in.each() {
			return true
		}
		if took < len(room) {
			in.b.idle()
			return false
		}
	}
}

// RoundTrip writes p, on a connection that has been idle, and adds the first of
// the answer to b. Unless fresh says that there was no time for it to end, it
// looks first whether the connection is still good, and returns ErrStale, with
// nothing sent, where it is not.
//
// All of it is one wait of the poller, begun before p is written, so an answer
// cannot come unnoticed, and no read is made in vain after the write.
func (s *Socket) RoundTrip(p []byte, b *Buffer, fresh bool) error {
	r := &s.raw
	if r.conn == nil {
		return s.roundTripPlainly(p, b, fresh)
	}
	r.in.request, r.in.b, r.in.step, r.in.unsent = p, b, looking, 0
	if fresh {
		r.in.step = sending
	}
	err := r.conn.Read(r.in.trip)
	r.in.request, r.in.b = nil, nil
	if err != nil {
		return err
	}
	rest := p[len(p)-r.in.unsent:]
	switch {
	case r.in.step == broken:
		return ErrStale
	case r.in.step == unsent:
		return s.lastRead(b, os.NewSyscallError("write", r.in.errno))
	case len(rest) > 0:
		if _, err := s.Write(rest); err != nil {
			return s.lastRead(b, err)
		}
		return s.ReadBuffer(b)
	}
	return r.in.result("read", nil)
}

func (r *rawSocket) tryTrip(fd uintptr) bool {
	in := &r.in
	if in.step == waiting {
		return r.tryRead(fd)
	}
	if in.step == looking {
		_, errno := read(fd, in.b.Room())
		in.b.idle()
		if errno != syscall.EAGAIN {
			in.step = broken
			return true
		}
	}
	in.step = waiting
	n, errno := write(fd, in.request)
	if errno == syscall.EAGAIN {
		n, errno = 0, 0
	}
	if in.errno = errno; errno != 0 {
		in.step = unsent
		return true
	}
	in.unsent = len(in.request) - n
	return in.unsent > 0
}

// Write writes as net.Conn does.
func (s *Socket) Write(p []byte) (int, error) {
	r := &s.raw
	if r.conn == nil {
		return s.writePlainly(p)
	}
	r.out.p, r.out.done, r.out.errno = p, 0, 0
	err := r.conn.Write(r.out.write)
	r.out.p = nil
	if s.blocked.Load() != 0 {
		s.blocked.Store(0)
	}
	if err == nil && r.out.errno != 0 {
		err = os.NewSyscallError("write", r.out.errno)
	}
	return r.out.done, err
}

func (r *rawSocket) tryWrite(fd uintptr) bool {
	out := &r.out
	for out.done < len(out.p) {
		n, errno := write(fd, out.p[out.done:])
		if errno == syscall.EAGAIN {
			r.socket.blocked.Store(time.Now().UnixNano())
			return false
		}
		if errno != 0 {
			out.errno = errno
			return true
		}
		out.done += n
	}
	return true
}
