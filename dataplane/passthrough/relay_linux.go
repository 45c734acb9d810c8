package passthrough

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"sync/atomic"
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

// Socket is a connection to an Endpoint that is not known to the net package.
type Socket struct {
	fd     int
	loop   *loop
	sent   int
	unsent []byte
}

// Dial connects to address, for at most limit, and begins to write first, which
// must not be changed any more. Where nothing can be written the connection counts
// as not made.
func (r *Relay) Dial(ctx context.Context, address netip.AddrPort, first []byte, limit time.Duration) (Socket, error) {
	fd, err := connect(address)
	if err != nil {
		return Socket{}, err
	}
	l := r.pick()
	n, err := l.begin(ctx, fd, first, limit)
	if err != nil {
		return Socket{}, err
	}
	return Socket{fd, l, n, first[n:]}, nil
}

func (r *Relay) pick() *loop { return r.loops[int(r.next.Add(1))%len(r.loops)] }

// Adopt makes a Socket of a TCP connection that the net package made, which is
// closed in any case. first is what Dial would have written.
func (r *Relay) Adopt(c net.Conn, first []byte) (Socket, error) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		c.Close()
		return Socket{}, errors.ErrUnsupported
	}
	fd, err := take(tcp)
	return Socket{fd: fd, loop: r.pick(), unsent: first}, err
}

// Go calls f in a goroutine that Wait waits for. It may be called by what Carry
// calls in the end.
func (r *Relay) Go(f func()) { r.pairs.Go(f) }

// Carry takes over client and server, and carries bytes until both directions have
// ended, or one of them has failed. A side that ends its sending is shown to the
// other as such, which may go on sending. In the end both are closed, and ended is
// called with the number of bytes from and to client, those that Dial was given
// among them. It must not block. Where there is an error nothing was begun, and
// both are closed.
func (r *Relay) Carry(client *net.TCPConn, server Socket, ended func(in, out int64)) error {
	fd, err := take(client)
	if err != nil {
		server.loop.leave(server.fd)
		return err
	}
	r.pairs.Add(1)
	p := newPair(fd, server.fd, func(in, out int64) {
		defer r.pairs.Done()
		ended(in, out)
	})
	p.in.kept, p.in.moved = server.unsent, int64(server.sent)
	if err = server.loop.add(p); err != nil {
		r.pairs.Done()
		closeFD(fd)
		server.loop.leave(server.fd)
	}
	return err
}
