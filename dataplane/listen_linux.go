package dataplane

import "syscall"

// tune sets on a listening socket what its connections inherit: they notice a
// peer that has vanished, as those of the net package do, but without four system
// calls each.
func tune(fd int) {
	_ = syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_KEEPALIVE, 1)
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPIDLE, 15)
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_KEEPINTVL, 15)
}

// tuneTLS is tune for a port on which clients speak first: a connection is
// accepted when its first bytes have come, or else after some seconds.
func tuneTLS(fd int) {
	tune(fd)
	_ = syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_DEFER_ACCEPT, 5)
}
