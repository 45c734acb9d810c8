package listener

import (
	"context"
	"net"
	"sync/atomic"
	"syscall"
	"testing"
)

// flaky is a listener that fails before it accepts.
type flaky struct {
	net.Listener
	failures atomic.Int32
}

func (f *flaky) Accept() (net.Conn, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, syscall.EMFILE
	}
	return f.Listener.Accept()
}

func TestServeOutlivesErrorsThatPass(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &flaky{Listener: l}
	f.failures.Store(3)
	ctx, cancel := context.WithCancel(t.Context())
	got, done := make(chan net.Conn), make(chan error)
	release := make(chan struct{})
	go func() {
		done <- Serve(ctx, f, func(c net.Conn) {
			got <- c
			<-release
			c.Close()
		})
	}()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	<-got
	cancel()
	select {
	case <-done:
		t.Fatal("Serve returned before its handler")
	default:
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
