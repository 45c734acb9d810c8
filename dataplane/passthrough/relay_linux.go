//go:build amd64 || arm64

package passthrough

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// Relays says whether there is a Relay for this system.
const Relays = true

// errEnded means that the Relay does not run any more.
var errEnded = errors.New("the relay has ended")

// Relay carries pairs of connections. The zero value is not good for anything.
type Relay struct {
	loops []*loop
	next  atomic.Uint32
	pairs sync.WaitGroup
}

// mostLoops is how many there are on a large machine: one moves some GiB/s.
// There is one for two processors, since more events at a time are cheaper.
const mostLoops = 4

// NewRelay returns a Relay that does nothing until Run.
func NewRelay() (*Relay, error) {
	r := &Relay{}
	for range max(1, min(runtime.GOMAXPROCS(0)/2, mostLoops)) {
		l, err := newLoop()
		if err != nil {
			r.close()
			return nil, err
		}
		r.loops = append(r.loops, l)
	}
	return r, nil
}

func (r *Relay) close() {
	for _, l := range r.loops {
		l.close()
	}
}

// Run carries until ctx ends, and then closes what is still open. It is to be
// called once; what Dial and Carry are given before waits for it.
func (r *Relay) Run(ctx context.Context) error {
	var all errgroup.Group
	for _, l := range r.loops {
		all.Go(func() error { return l.run(ctx) })
	}
	return all.Wait()
}

// Wait returns when everything that was given to Carry has ended.
func (r *Relay) Wait() { r.pairs.Wait() }

// Socket is a connection that is not known to the net package.
type Socket struct {
	// Peer is the address of the client, of one that Accept accepted.
	Peer   netip.Addr
	port   uint16 // of Peer
	fd     int
	loop   *loop // of one that was dialled
	sent   int
	unsent []byte
}

// ErrPending means that a connection is not made yet.
var ErrPending = errors.New("the connection is not made yet")

// Start begins to connect to address and to write first, which the Socket has until
// it is carried, but see Keep. Where that takes time the error is ErrPending: the Socket is to be
// given to Await. Where nothing can be written the connection counts as not made.
func (r *Relay) Start(address netip.AddrPort, first []byte) (Socket, error) {
	fd, err := connect(address)
	if err != nil {
		return Socket{}, err
	}
	s := Socket{fd: fd, loop: r.pick(), unsent: first}
	return s.begin()
}

// Await waits until a pending connection is made, for at most limit.
func (r *Relay) Await(ctx context.Context, s Socket, limit time.Duration) (Socket, error) {
	if err := s.loop.connected(ctx, s.fd, limit); err != nil {
		return Socket{}, err
	}
	return s.begin()
}

// begin writes what can be written of the first bytes. On an error other than
// ErrPending the Socket is closed.
func (s Socket) begin() (Socket, error) {
	n, errno := write(s.fd, s.unsent)
	switch errno {
	case 0:
		s.sent, s.unsent = n, s.unsent[n:]
		return s, nil
	case syscall.EAGAIN:
		return s, ErrPending
	}
	s.loop.leave(s.fd)
	return Socket{}, os.NewSyscallError("connect", errno)
}

// Dial is Start and Await.
func (r *Relay) Dial(ctx context.Context, address netip.AddrPort, first []byte, limit time.Duration) (Socket, error) {
	s, err := r.Start(address, first)
	if errors.Is(err, ErrPending) {
		s, err = r.Await(ctx, s, limit)
	}
	return s, err
}

func (r *Relay) pick() *loop { return r.loops[int(r.next.Add(1))%len(r.loops)] }

// Adopt makes a Socket of a TCP connection of the net package or of Socket.Conn,
// which is closed in any case. first is what is to be written to it.
func (r *Relay) Adopt(c net.Conn, first []byte) (Socket, error) {
	polled, ok := c.(interface {
		syscall.Conn
		io.Closer
	})
	if !ok {
		c.Close()
		return Socket{}, errors.ErrUnsupported
	}
	fd, err := take(polled)
	return Socket{fd: fd, loop: r.pick(), unsent: first}, err
}

// Go calls f in a goroutine that Wait waits for. It may be called by what Carry
// and Accept call.
func (r *Relay) Go(f func()) { r.pairs.Go(f) }

// Carry takes over client and server, and carries bytes until both directions have
// ended, or one of them has failed. A side that ends its sending is shown to the
// other as such, which may go on sending. In the end both are closed, and ended is
// called with the number of bytes from and to client, those that Start was given
// among them. It must not block. Where there is an error nothing was begun, and
// both are closed.
func (r *Relay) Carry(client, server Socket, ended func(in, out int64)) error {
	r.pairs.Add(1)
	p := newPair(client.fd, server.fd, func(in, out int64) {
		defer r.pairs.Done()
		ended(in, out)
	})
	p.in.kept, p.in.moved = server.unsent, int64(server.sent)
	err := server.loop.add(p)
	if err != nil {
		r.pairs.Done()
		client.Close()
		server.loop.leave(server.fd)
	}
	return err
}
