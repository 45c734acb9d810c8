// Package passthrough carries connections that are not looked into: from a
// client to an Endpoint and back, until both sides have ended.
//
// Where both are TCP sockets, the kernel moves the bytes from one to the other
// (splice(2), by way of net.TCPConn.ReadFrom) and they never come to this
// process. That is so only as long as nothing wraps the connections, so here
// they are net.Conns as the dialer and the listener made them.
package passthrough

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"fairlead.dev/fairlead/dataplane/live"
)

// ErrNoEndpoint means that the Backend has no Endpoint that was not tried.
var ErrNoEndpoint = errors.New("no ready endpoint")

// Dial connects to an Endpoint. It bounds its own time and tells the
// health.Monitor.
type Dial func(ctx context.Context, e *live.Endpoint) (net.Conn, error)

// Connect dials Endpoints of b until one answers. The Endpoint is returned with
// its request begun: the caller has to End it.
func Connect(ctx context.Context, dial Dial, b *live.Backend, policy string) (net.Conn, *live.Endpoint, error) {
	var tried []*live.Endpoint
	err := ErrNoEndpoint
	for ctx.Err() == nil {
		e := b.Pick(policy, tried)
		if e == nil {
			return nil, nil, err
		}
		e.Begin()
		c, dialErr := dial(ctx, e)
		if dialErr == nil {
			return c, e, nil
		}
		e.End()
		err = fmt.Errorf("dial endpoint %s: %w", e.ID, dialErr)
		tried = append(tried, e)
	}
	return nil, nil, ctx.Err()
}

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
