//go:build amd64 || arm64

package passthrough

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Conn is a connection that Accept accepted, for those who wait as with the net
// package. That one would make a connection of a socket with a copy of it and 16
// more system calls; this takes two. It is an os.File, which waits in the same
// way.
type Conn struct {
	file *os.File
	raw  polled
	peer netip.AddrPort
}

var (
	_ net.Conn     = (*Conn)(nil)
	_ syscall.Conn = (*Conn)(nil)
)

// Conn makes a Conn of a Socket that nobody carries.
func (s Socket) Conn() (net.Conn, error) {
	f := os.NewFile(uintptr(s.fd), "")
	c := &Conn{file: f, peer: netip.AddrPortFrom(s.Peer, s.port)}
	// A file that nobody waits for has no deadlines.
	err := f.SetDeadline(time.Time{})
	if err == nil {
		c.raw.RawConn, err = f.SyscallConn()
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

// Read reads as net.Conn does.
func (c *Conn) Read(p []byte) (int, error) {
	n, err := c.file.Read(p)
	return n, c.fault("read", err)
}

// Write writes as net.Conn does.
func (c *Conn) Write(p []byte) (int, error) {
	n, err := c.file.Write(p)
	return n, c.fault("write", err)
}

// fault makes an error of a file one of a connection.
func (c *Conn) fault(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if errors.Is(err, os.ErrClosed) {
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: "tcp", Addr: c.RemoteAddr(), Err: err}
}

// Close closes the connection, and ends what waits for it.
func (c *Conn) Close() error { return c.fault("close", c.file.Close()) }

// CloseWrite ends the sending.
func (c *Conn) CloseWrite() error {
	var errno syscall.Errno
	if err := c.raw.Control(func(fd uintptr) { errno = endSending(int(fd)) }); err != nil {
		return err
	}
	return c.fault("shutdown", os.NewSyscallError("shutdown", orNil(errno)))
}

func orNil(errno syscall.Errno) error {
	if errno == 0 {
		return nil
	}
	return errno
}

// RemoteAddr returns a *net.TCPAddr.
func (c *Conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.peer) }

// LocalAddr returns a *net.TCPAddr.
func (c *Conn) LocalAddr() net.Addr {
	var local netip.AddrPort
	_ = c.raw.Control(func(fd uintptr) { local = localAddress(int(fd)) })
	return net.TCPAddrFromAddrPort(local)
}

// SetDeadline is that of net.Conn.
func (c *Conn) SetDeadline(t time.Time) error { return c.fault("set", c.file.SetDeadline(t)) }

// SetReadDeadline is that of net.Conn.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.fault("set", c.file.SetReadDeadline(t)) }

// SetWriteDeadline is that of net.Conn.
func (c *Conn) SetWriteDeadline(t time.Time) error { return c.fault("set", c.file.SetWriteDeadline(t)) }

// SyscallConn is that of syscall.Conn.
func (c *Conn) SyscallConn() (syscall.RawConn, error) { return &c.raw, nil }

// polled has the errors of the net package.
type polled struct{ syscall.RawConn }

// Read is that of syscall.RawConn.
func (p *polled) Read(f func(fd uintptr) bool) error { return closed(p.RawConn.Read(f)) }

// Write is that of syscall.RawConn.
func (p *polled) Write(f func(fd uintptr) bool) error { return closed(p.RawConn.Write(f)) }

// Control is that of syscall.RawConn.
func (p *polled) Control(f func(fd uintptr)) error { return closed(p.RawConn.Control(f)) }

// closed returns net.ErrClosed for all that is not a deadline: that is the only
// other reason for which a wait fails.
func closed(err error) error {
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return net.ErrClosed
}
