package listener

import (
	"context"
	"errors"
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

func TestQueue(t *testing.T) {
	a, b := net.Pipe()
	defer b.Close()
	q := NewQueue(a.LocalAddr())
	go q.Put(a)
	if c, err := q.Accept(); err != nil || c != a {
		t.Error(c, err)
	}
	q.Close()
	q.Close()
	if q.Put(a) {
		t.Error("a closed Queue takes connections")
	}
	if _, err := q.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
}
