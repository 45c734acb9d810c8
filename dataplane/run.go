package dataplane

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"fairlead.dev/fairlead/dataplane/listener"
	"fairlead.dev/fairlead/dataplane/passthrough"
	"fairlead.dev/fairlead/dataplane/routing"
	"fairlead.dev/fairlead/dataplane/wire"
)

// Run listens and serves until ctx ends, and then lets what is under way end for
// at most DrainTimeout. It is to be called once.
func (p *Plane) Run(ctx context.Context) error {
	plain, secure, err := p.listen()
	if err != nil {
		return err
	}
	defer runtime.KeepAlive(newFloor())
	run, ctx := errgroup.WithContext(ctx)
	force, stop := p.drainLimit(ctx)
	defer stop()
	run.Go(func() error { return p.certificates.Run(ctx) })
	run.Go(func() error { return p.sessions.Run(ctx) })
	run.Go(func() error { return p.prober.Run(ctx) })
	run.Go(func() error { return p.engine.Run(ctx, p.cfg.DrainTimeout) })
	if plain != nil {
		run.Go(func() error {
			return listener.Serve(ctx, plain, func(c net.Conn) {
				if p.admit(c, true) {
					defer p.leave(c)
					p.engine.Serve(wire.Plain(wire.NewSocket(c)), routing.Plain)
				}
			})
		})
	}
	if secure != nil {
		relay, err := passthrough.NewRelay()
		if err != nil {
			return fmt.Errorf("make the relay: %w", err)
		}
		f := newFront(force, p, relay, func(work func()) {
			run.Go(func() error {
				work()
				return nil
			})
		})
		carry, done := context.WithCancel(force)
		run.Go(func() error { return relay.Run(carry) })
		run.Go(func() error {
			defer done()
			defer f.close()
			if l, ok := secure.(*net.TCPListener); ok && p.mayRelay() {
				return relay.Accept(ctx, l, f.take)
			}
			return listener.Serve(ctx, secure, func(c net.Conn) {
				if p.admit(c, false) {
					f.accept(c, clientAddr(c))
				}
			})
		})
	}
	return run.Wait()
}

// newFloor returns memory that nobody ever touches, so that the kernel has none of
// it. It counts for the pace of the garbage collector, which lets a small heap
// grow to twice its size only and so runs many times a second.
func newFloor() []byte { return make([]byte, floorSize) }

const floorSize = 8 << 20

// listen opens the listeners, all or none.
func (p *Plane) listen() (plain, secure net.Listener, err error) {
	if plain, err = listen(p.cfg.HTTPListener, p.cfg.HTTP, tune); err != nil {
		return nil, nil, err
	}
	if secure, err = listen(p.cfg.HTTPSListener, p.cfg.HTTPS, tuneTLS); err != nil {
		if plain != nil {
			plain.Close()
		}
		return nil, nil, err
	}
	if secure != nil && p.cfg.RedirectPort == 0 {
		if a, err := netip.ParseAddrPort(secure.Addr().String()); err == nil {
			p.redirectPort.Store(int64(a.Port()))
		}
	}
	return plain, secure, nil
}

func listen(given net.Listener, address string, tune func(fd int)) (net.Listener, error) {
	if given != nil || address == "" {
		return given, nil
	}
	cfg := net.ListenConfig{KeepAlive: -1, Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { tune(int(fd)) })
	}}
	l, err := cfg.Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("open listener: %w", err)
	}
	return l, nil
}

// drainLimit returns a context that ends DrainTimeout after ctx.
func (p *Plane) drainLimit(ctx context.Context) (context.Context, context.CancelFunc) {
	force, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(p.cfg.DrainTimeout, cancel) })
	return force, func() {
		stop()
		cancel()
	}
}

// lastWord is how long a client has to take an answer after which it is closed.
const lastWord = time.Second
