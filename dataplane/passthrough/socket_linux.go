//go:build amd64 || arm64

package passthrough

import (
	"encoding/binary"
	"errors"
	"io"
	"net/netip"
	"os"
	"syscall"
	"unsafe"
)

// The system calls here never block, so the scheduler need not hear of them. That
// saves more than it seems: where a process has nothing to do in between, the
// entry to a system call by way of package syscall wakes the scheduler's monitor,
// a thread that then looks around for a while.

// connect begins to connect.
func connect(to netip.AddrPort) (fd int, err error) {
	ip := to.Addr().Unmap()
	if !ip.IsValid() || ip.Zone() != "" {
		return -1, errors.New("no address to connect to: " + to.String())
	}
	family := syscall.AF_INET
	if ip.Is6() {
		family = syscall.AF_INET6
	}
	fd, err = syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	attend(fd)
	if errno := connectTo(fd, ip, to.Port()); errno != 0 && errno != syscall.EINPROGRESS && errno != syscall.EINTR {
		closeFD(fd)
		return -1, os.NewSyscallError("connect", errno)
	}
	return fd, nil
}

func connectTo(fd int, ip netip.Addr, port uint16) syscall.Errno {
	network := networkOrder(port)
	var address unsafe.Pointer
	var size uintptr
	if ip.Is4() {
		a := &syscall.RawSockaddrInet4{Family: syscall.AF_INET, Port: network, Addr: ip.As4()}
		address, size = unsafe.Pointer(a), syscall.SizeofSockaddrInet4
	} else {
		a := &syscall.RawSockaddrInet6{Family: syscall.AF_INET6, Port: network, Addr: ip.As16()}
		address, size = unsafe.Pointer(a), syscall.SizeofSockaddrInet6
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_CONNECT, uintptr(fd), uintptr(address), size)
	return errno
}

// networkOrder turns a port into the order of the network, and back.
func networkOrder(port uint16) uint16 {
	if binary.NativeEndian.Uint16([]byte{0, 1}) == 1 {
		return port
	}
	return port<<8 | port>>8
}

// endSending tells the peer that no more comes.
func endSending(fd int) syscall.Errno {
	_, _, errno := syscall.RawSyscall(syscall.SYS_SHUTDOWN, uintptr(fd), syscall.SHUT_WR, 0)
	return errno
}

// keepAlive is how many seconds after the last sign of a peer it is asked for
// one, as the net package has it.
const keepAlive = 15

// attend lets fd send at once, and notice a peer that has vanished.
func attend(fd int) {
	setOption(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	setOption(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
	setOption(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, keepAlive)
}

func setOption(fd, level, name int, value int32) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(name), uintptr(unsafe.Pointer(&value)), 4, 0)
}

// take takes the socket out of the net package and its poller, which then do not
// know it any more. c is closed in any case.
func take(c interface {
	syscall.Conn
	io.Closer
}) (fd int, err error) {
	defer c.Close()
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var errno syscall.Errno
	err = raw.Control(func(of uintptr) {
		var r uintptr
		r, _, errno = syscall.RawSyscall(syscall.SYS_FCNTL, of, syscall.F_DUPFD_CLOEXEC, 0)
		fd = int(r)
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("dup", errno)
	}
	return fd, err
}

func closeFD(fd int) { _, _, _ = syscall.RawSyscall(syscall.SYS_CLOSE, uintptr(fd), 0, 0) }

// accept returns the next connection and the address of its peer.
func accept(of int) (fd int, peer netip.AddrPort, _ syscall.Errno) {
	var address syscall.RawSockaddrAny
	size := uint32(syscall.SizeofSockaddrAny)
	for {
		fd, _, errno := syscall.RawSyscall6(syscall.SYS_ACCEPT4, uintptr(of), uintptr(unsafe.Pointer(&address)), uintptr(unsafe.Pointer(&size)), syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0, 0)
		if errno != syscall.EINTR {
			return int(fd), addressIn(&address), errno
		}
	}
}

// localAddress returns the address that a socket is bound to.
func localAddress(fd int) netip.AddrPort {
	var address syscall.RawSockaddrAny
	size := uint32(syscall.SizeofSockaddrAny)
	_, _, errno := syscall.RawSyscall(syscall.SYS_GETSOCKNAME, uintptr(fd), uintptr(unsafe.Pointer(&address)), uintptr(unsafe.Pointer(&size)))
	if errno != 0 {
		return netip.AddrPort{}
	}
	return addressIn(&address)
}

func addressIn(a *syscall.RawSockaddrAny) netip.AddrPort {
	switch a.Addr.Family {
	case syscall.AF_INET:
		a := (*syscall.RawSockaddrInet4)(unsafe.Pointer(a))
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), networkOrder(a.Port))
	case syscall.AF_INET6:
		a := (*syscall.RawSockaddrInet6)(unsafe.Pointer(a))
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), networkOrder(a.Port))
	}
	return netip.AddrPort{}
}

func read(fd int, p []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_READ, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

func write(fd int, p []byte) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall(syscall.SYS_WRITE, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

// happened returns how many of events have happened, without waiting for any.
func happened(epoll int, events []syscall.EpollEvent) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(epoll), uintptr(unsafe.Pointer(unsafe.SliceData(events))), uintptr(len(events)), 0, 0, 0)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}

const (
	spliceMove     = 1
	spliceNonblock = 2
)

func splice(from, to, most int) (int, syscall.Errno) {
	for {
		n, _, errno := syscall.RawSyscall6(syscall.SYS_SPLICE, uintptr(from), 0, uintptr(to), 0, uintptr(most), spliceMove|spliceNonblock)
		if errno != syscall.EINTR {
			return int(n), errno
		}
	}
}
