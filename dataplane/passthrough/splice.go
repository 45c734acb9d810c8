package passthrough

import (
	"context"
	"io"
	"net"
)

// Splice writes first to server, and then carries bytes between the two until
// both directions have ended, or one of them has failed. A side that ends its
// sending is shown to the other as such, which may go on sending. Both are closed
// in the end, and when ctx ends. The counts are of bytes from and to client.
func Splice(ctx context.Context, client, server net.Conn, first []byte) (in, out int64) {
	stop := context.AfterFunc(ctx, func() { closeBoth(client, server) })
	defer stop()
	defer closeBoth(client, server)
	done := make(chan struct{})
	go func() {
		defer close(done)
		out = carry(client, server)
	}()
	if n, err := server.Write(first); err != nil {
		closeBoth(client, server)
		in = int64(n)
	} else {
		in = int64(n) + carry(server, client)
	}
	<-done
	return in, out
}

func closeBoth(a, b net.Conn) {
	a.Close()
	b.Close()
}

// carry copies until src ends, and then ends dst. A failure ends both at once.
func carry(dst, src net.Conn) int64 {
	n, err := copyBetween(dst, src)
	if half, ok := dst.(interface{ CloseWrite() error }); ok && err == nil {
		err = half.CloseWrite()
	}
	if err != nil {
		closeBoth(dst, src)
	}
	return n
}

// copyBetween lets the kernel copy where it can.
func copyBetween(dst, src net.Conn) (int64, error) {
	if tcp, ok := dst.(*net.TCPConn); ok {
		return tcp.ReadFrom(src)
	}
	return io.Copy(dst, src)
}
