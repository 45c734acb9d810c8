package passthrough

import (
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

const patience = 20 * time.Second

// until waits for a condition.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// counts are what a carried connection ended with.
type counts struct{ in, out int64 }

// carrier carries a client to a server, and sends the counts in the end. first was
// read of the client.
type carrier func(client *net.TCPConn, server netip.AddrPort, first []byte) <-chan counts

// bench is a carrier with what stops it.
type bench struct {
	*testing.T
	carry carrier
	stop  func()
}

// each runs a test with all carriers that there are.
func each(t *testing.T, test func(b *bench)) {
	t.Run("splice", func(t *testing.T) { test(splicing(t)) })
	if Relays {
		t.Run("relay", func(t *testing.T) { test(relaying(t)) })
	}
}

func splicing(t *testing.T) *bench {
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	stop := func() {
		cancel()
		all.Wait()
	}
	t.Cleanup(stop)
	return &bench{t, func(client *net.TCPConn, server netip.AddrPort, first []byte) <-chan counts {
		c, err := net.Dial("tcp", server.String())
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan counts, 1)
		all.Go(func() {
			in, out := Splice(ctx, client, c, first)
			ended <- counts{in, out}
		})
		return ended
	}, stop}
}

func relaying(t *testing.T) *bench {
	r, err := NewRelay()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- r.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-ran; err != nil {
			t.Error(err)
		}
		r.Wait()
	})
	t.Cleanup(stop)
	return &bench{t, func(client *net.TCPConn, server netip.AddrPort, first []byte) <-chan counts {
		s, err := r.Dial(ctx, server, first, patience)
		if err != nil {
			t.Fatal(err)
		}
		c, err := r.Adopt(client, nil)
		if err != nil {
			t.Fatal(err)
		}
		ended := make(chan counts, 1)
		if err := r.Carry(c, s, func(in, out int64) { ended <- counts{in, out} }); err != nil {
			t.Fatal(err)
		}
		return ended
	}, stop}
}

// link returns the far ends of a carried connection: what the client and the
// server hold.
func (b *bench) link(first string) (client, server *net.TCPConn, ended <-chan counts) {
	b.Helper()
	front, back := listen(b), listen(b)
	client = dial(b, front)
	_, _ = io.WriteString(client, first)
	near, err := front.AcceptTCP()
	if err != nil {
		b.Fatal(err)
	}
	head := make([]byte, len(first))
	if _, err := io.ReadFull(near, head); err != nil {
		b.Fatal(err)
	}
	ended = b.carry(near, back.Addr().(*net.TCPAddr).AddrPort(), head)
	if server, err = back.AcceptTCP(); err != nil {
		b.Fatal(err)
	}
	_ = server.SetDeadline(time.Now().Add(patience))
	b.Cleanup(func() { server.Close() })
	b.read(server, first)
	return client, server, ended
}

func (b *bench) read(c net.Conn, want string) {
	b.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		b.Fatalf("%q, %v, want %q", got, err, want)
	}
}

// end reads the end of what a peer sends.
func (b *bench) end(c net.Conn) {
	b.Helper()
	if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		b.Fatalf("%d bytes, %v, want the end", n, err)
	}
}

func (b *bench) counted(ended <-chan counts, want counts) {
	b.Helper()
	select {
	case got := <-ended:
		if got != want {
			b.Errorf("%+v, want %+v", got, want)
		}
	case <-time.After(patience):
		b.Fatal("it does not end")
	}
}

func listen(t testing.TB) *net.TCPListener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.(*net.TCPListener)
}

func dial(t testing.TB, l net.Listener) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	_ = c.SetDeadline(time.Now().Add(patience))
	t.Cleanup(func() { c.Close() })
	return c.(*net.TCPConn)
}
