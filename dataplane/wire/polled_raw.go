//go:build linux && !race && (amd64 || arm64)

package wire

import "syscall"

// poll makes the system calls of s by itself, too, where its connection is a
// socket that the net package does not know.
func (s *Socket) poll() {
	c, ok := s.Conn.(syscall.Conn)
	if !ok || s.raw.conn != nil {
		return
	}
	conn, err := c.SyscallConn()
	if err != nil {
		return
	}
	r := &s.raw
	r.socket, r.conn = s, conn
	r.in.read, r.in.trip, r.in.pour, r.out.write = r.tryRead, r.tryTrip, r.tryEach, r.tryWrite
}
