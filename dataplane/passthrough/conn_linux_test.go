//go:build amd64 || arm64

package passthrough

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/dataplane/wire"
)

// accepted returns a Conn that a Relay accepted, and its client.
func accepted(t *testing.T) (*Conn, *net.TCPConn) {
	t.Helper()
	r, err := NewRelay()
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 2)
	conns := make(chan net.Conn, 1)
	go func() { ran <- r.Run(ctx) }()
	go func() {
		ran <- r.Accept(ctx, l.(*net.TCPListener), func(s Socket) {
			c, err := s.Conn()
			if err != nil {
				t.Error(err)
			}
			conns <- c
		})
	}()
	t.Cleanup(func() {
		cancel()
		if err := errors.Join(<-ran, <-ran); err != nil {
			t.Error(err)
		}
	})
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	c := (<-conns).(*Conn)
	t.Cleanup(func() { c.Close() })
	return c, client.(*net.TCPConn)
}

func TestAConnIsAConnection(t *testing.T) {
	c, client := accepted(t)
	if c.RemoteAddr().String() != client.LocalAddr().String() || c.LocalAddr().String() != client.RemoteAddr().String() {
		t.Error(c.RemoteAddr(), c.LocalAddr())
	}
	if _, err := io.WriteString(client, "hello"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 5)
	if _, err := io.ReadFull(c, b); err != nil || string(b) != "hello" {
		t.Fatalf("%q, %v", b, err)
	}
	if wire.NewSocket(c).Gone() {
		t.Error("gone while it is there")
	}
	_ = client.CloseWrite()
	if _, err := c.Read(b); err != io.EOF {
		t.Error(err)
	}
	if !wire.NewSocket(c).Gone() {
		t.Error("not gone")
	}
	if _, err := io.WriteString(c, "world"); err != nil {
		t.Fatal(err)
	}
	if err := c.CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(client); err != nil || string(got) != "world" {
		t.Errorf("%q, %v", got, err)
	}
}

// reads returns what waits for a Conn to be readable, by both ways.
func reads(c *Conn) map[string]func() error {
	return map[string]func() error{
		"read": func() error {
			_, err := c.Read(make([]byte, 1))
			return err
		},
		"raw": func() error {
			raw, _ := c.SyscallConn()
			return raw.Read(func(uintptr) bool { return false })
		},
	}
}

func TestAConnIsInterrupted(t *testing.T) {
	c, _ := accepted(t)
	for name, wait := range reads(c) {
		_ = c.SetDeadline(time.Time{})
		failed := make(chan error)
		go func() { failed <- wait() }()
		_ = c.SetDeadline(time.Unix(1, 0))
		err := <-failed
		var passes net.Error // what crypto/tls goes on after
		if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &passes) || !passes.Timeout() {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatWaitsForAConnEndsWhenItIsClosed(t *testing.T) {
	for _, name := range []string{"read", "raw"} {
		c, client := accepted(t)
		failed := make(chan error)
		go func() { failed <- reads(c)[name]() }()
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := <-failed; !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			t.Error(err)
		}
		if _, err := client.Read(make([]byte, 1)); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
			t.Error(err)
		}
	}
}
