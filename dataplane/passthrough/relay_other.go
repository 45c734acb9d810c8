//go:build !linux || !(amd64 || arm64)

package passthrough

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"
)

// Relays says whether there is a Relay for this system.
const Relays = false

// Relay is nothing here.
type Relay struct{}

// Socket is nothing here.
type Socket struct{ Peer netip.Addr }

// NewRelay returns what does nothing.
func NewRelay() (*Relay, error) { return &Relay{}, nil }

// Run waits until ctx ends.
func (*Relay) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Wait has nothing to wait for.
func (*Relay) Wait() {}

// ErrPending means that a connection is not made yet.
var ErrPending = errors.New("the connection is not made yet")

// Start fails.
func (*Relay) Start(netip.AddrPort, []byte) (Socket, error) { return Socket{}, errors.ErrUnsupported }

// Await fails.
func (*Relay) Await(context.Context, Socket, time.Duration) (Socket, error) {
	return Socket{}, errors.ErrUnsupported
}

// Dial fails.
func (*Relay) Dial(context.Context, netip.AddrPort, []byte, time.Duration) (Socket, error) {
	return Socket{}, errors.ErrUnsupported
}

// Adopt fails.
func (*Relay) Adopt(c net.Conn, _ []byte) (Socket, error) {
	c.Close()
	return Socket{}, errors.ErrUnsupported
}

// Accept fails.
func (*Relay) Accept(_ context.Context, l *net.TCPListener, _ func(Socket)) error {
	l.Close()
	return errors.ErrUnsupported
}

// Go calls f in a goroutine.
func (*Relay) Go(f func()) { go f() }

// Carry fails.
func (*Relay) Carry(Socket, Socket, func(in, out int64)) error { return errors.ErrUnsupported }

// Peek returns nothing.
func (Socket) Peek([]byte) []byte { return nil }

// Skip does nothing.
func (Socket) Skip([]byte) {}

// Keep does nothing.
func (s Socket) Keep() Socket { return s }

// Close does nothing.
func (Socket) Close() {}

// Conn fails.
func (Socket) Conn() (net.Conn, error) { return nil, errors.ErrUnsupported }
