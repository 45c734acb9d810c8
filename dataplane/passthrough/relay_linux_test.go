//go:build amd64 || arm64

package passthrough

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"syscall"
	"testing"
	"time"
)

func descriptors(t testing.TB) int {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}

func TestNoDescriptorIsLeft(t *testing.T) {
	warm := relaying(t) // the poller of the runtime has some, too
	warm.link("")
	before := 0
	for round := range 3 {
		b := relaying(t)
		for i := range 50 {
			client, server, ended := b.link("hello")
			switch i % 3 {
			case 0:
				go func() { _, _ = server.Write(make([]byte, 4<<20)) }()
				_, _ = io.ReadFull(client, make([]byte, 1<<20))
			case 1:
				_ = client.SetLinger(0)
			}
			client.Close()
			server.Close()
			<-ended
		}
		client, server, _ := b.link("open at the end")
		b.stop()
		client.Close()
		server.Close()
		if round == 0 {
			before = descriptors(t) // with listeners, which the cleanup closes
			continue
		}
		// Each link has two listeners that are closed at the end of the test.
		if n := descriptors(t); n > before+round*51*2 {
			t.Errorf("%d descriptors, %d after the first round", n, before)
		}
	}
}

// running returns a Relay, what ends it, and what waits for its end.
func running(t *testing.T) (r *Relay, cancel context.CancelFunc, wait func() error) {
	t.Helper()
	r, err := NewRelay()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- r.Run(ctx) }()
	return r, cancel, func() error { return <-ran }
}

// waiting is the number of sockets that a Relay waits for.
func (r *Relay) waiting() (n int) {
	for _, l := range r.loops {
		l.mu.Lock()
		n += len(l.places)
		l.mu.Unlock()
	}
	return n
}

func TestADialThatFailsSaysSo(t *testing.T) {
	r, cancel, wait := running(t)
	l := listen(t)
	closed := l.Addr().(*net.TCPAddr).AddrPort()
	l.Close()
	if _, err := r.Dial(t.Context(), closed, []byte("x"), patience); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Error(err)
	}
	full, _ := backlogged(t)
	if _, err := r.Dial(t.Context(), full, []byte("x"), 10*time.Millisecond); !errors.Is(err, syscall.ETIMEDOUT) {
		t.Error("too late:", err)
	}
	ctx, giveUp := context.WithCancel(t.Context())
	failed := make(chan error)
	go func() {
		_, err := r.Dial(ctx, full, []byte("x"), patience)
		failed <- err
	}()
	until(t, "the dial waits", func() bool { return r.waiting() == 1 })
	giveUp()
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Error("it was given up:", err)
	}
	cancel()
	if err := wait(); err != nil {
		t.Error(err)
	}
	if _, err := r.Dial(t.Context(), full, []byte("x"), patience); !errors.Is(err, errEnded) {
		t.Error("the relay has ended:", err)
	}
}

func TestADialThatTakesLongerWorks(t *testing.T) {
	r, _, _ := running(t)
	full, listener := backlogged(t)
	made := make(chan Socket)
	go func() {
		s, err := r.Dial(t.Context(), full, []byte("first"), patience)
		if err != nil {
			t.Error(err)
		}
		made <- s
	}()
	until(t, "the dial waits", func() bool { return r.waiting() == 1 })
	var s Socket
	until(t, "there is room, and it is connected", func() bool {
		if fd, _, err := syscall.Accept4(listener, syscall.SOCK_CLOEXEC); err == nil {
			t.Cleanup(func() { closeFD(fd) })
		}
		select {
		case s = <-made:
			return true
		default:
			return false
		}
	})
	if s.sent != 5 || len(s.unsent) != 0 {
		t.Errorf("%+v", s)
	}
	s.loop.leave(s.fd)
}

// backlogged returns an address where connects wait: nobody accepts, and the
// queue is full.
func backlogged(t *testing.T) (to netip.AddrPort, listener int) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeFD(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	to = netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(name.(*syscall.SockaddrInet4).Port))
	for { // until one is not connected at once
		c, err := net.DialTimeout("tcp", to.String(), 50*time.Millisecond)
		if err != nil {
			return to, fd
		}
		t.Cleanup(func() { c.Close() })
	}
}

// A fast sender is batched. When it pauses, the last bytes come all the same.
func TestThePauseOfAFastSenderHoldsNothingBack(t *testing.T) {
	b := relaying(t)
	client, server, ended := b.link("")
	const size = 64 << 20
	for range 3 {
		go func() { _, _ = server.Write(make([]byte, size+1)) }()
		if _, err := io.CopyN(io.Discard, client, size+1); err != nil {
			t.Fatal(err)
		}
	}
	server.Close()
	b.end(client)
	client.Close()
	b.counted(ended, counts{0, 3 * (size + 1)})
}
