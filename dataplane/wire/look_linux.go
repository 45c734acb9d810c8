package wire

import "syscall"

// control calls f with the file descriptor, where there is one.
func (s *Socket) control(f func(fd int)) bool {
	c, ok := s.Conn.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := c.SyscallConn()
	return err == nil && raw.Control(func(fd uintptr) { f(int(fd)) }) == nil
}

// Look returns ErrStale where an idle connection has ended or has spoken.
func (s *Socket) Look() error {
	if _, ok := s.Conn.(syscall.Conn); !ok {
		return nil
	}
	var quiet bool
	s.control(func(fd int) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(fd, b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		quiet = err == syscall.EAGAIN || err == syscall.EINTR
	})
	if !quiet {
		return ErrStale
	}
	return nil
}

// States of a TCP connection (include/net/tcp_states.h).
const (
	tcpClose     = 7
	tcpCloseWait = 8
)

// Gone says whether the peer has ended the connection or its sending, whatever
// it sent before that nobody has read.
func (s *Socket) Gone() bool {
	var state int
	s.control(func(fd int) {
		// The state is the first byte of struct tcp_info.
		if info, err := syscall.GetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_INFO); err == nil {
			state = info & 0xff
		}
	})
	return state == tcpCloseWait || state == tcpClose
}
