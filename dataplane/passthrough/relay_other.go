//go:build !linux

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
type Socket struct{}

// NewRelay returns what does nothing.
func NewRelay() (*Relay, error) { return &Relay{}, nil }

// Run waits until ctx ends.
func (*Relay) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Wait has nothing to wait for.
func (*Relay) Wait() {}

// Dial fails.
func (*Relay) Dial(context.Context, netip.AddrPort, []byte, time.Duration) (Socket, error) {
	return Socket{}, errors.ErrUnsupported
}

// Adopt fails.
func (*Relay) Adopt(c net.Conn, _ []byte) (Socket, error) {
	c.Close()
	return Socket{}, errors.ErrUnsupported
}

// Go calls f in a goroutine.
func (*Relay) Go(f func()) { go f() }

// Carry fails.
func (*Relay) Carry(*net.TCPConn, Socket, func(in, out int64)) error { return errors.ErrUnsupported }
