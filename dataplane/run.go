package dataplane

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
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
	run, ctx := errgroup.WithContext(ctx)
	force, stop := p.drainLimit(ctx)
	defer stop()
	run.Go(func() error { return p.certificates.Run(ctx) })
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
		// The stack that a handshake needs is large, and a connection lives long: so
		// it goes on in another goroutine.
		serve := func(c *wire.Conn) {
			run.Go(func() error {
				defer p.leave(c.Conn)
				p.engine.Serve(c, routing.TLS)
				return nil
			})
		}
		relay, err := passthrough.NewRelay()
		if err != nil {
			return fmt.Errorf("make the relay: %w", err)
		}
		carry, done := context.WithCancel(force)
		run.Go(func() error { return relay.Run(carry) })
		run.Go(func() error {
			defer done()
			defer relay.Wait()
			if l, ok := secure.(*net.TCPListener); ok && p.mayRelay() {
				return relay.Accept(ctx, l, (&front{p, force, relay, serve}).take)
			}
			return listener.Serve(ctx, secure, func(c net.Conn) {
				if p.admit(c, false) && !p.accept(force, c, serve, relay) {
					p.leave(c)
				}
			})
		})
	}
	return run.Wait()
}

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

// accept finds out what a connection on the TLS port wants, and says whether
// somebody has it, who sees to it that it leaves. ctx is the one that cuts it off.
func (p *Plane) accept(ctx context.Context, c net.Conn, terminated func(*wire.Conn), relay *passthrough.Relay) bool {
	peeked, err := listener.Peek(c, p.cfg.HandshakeTimeout)
	if err != nil {
		defer c.Close()
		p.metrics.Handshake("not_tls")
		if errors.Is(err, listener.ErrNotTLS) {
			_ = c.SetWriteDeadline(time.Now().Add(lastWord))
			_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nThis port speaks TLS.\n")
		}
		return false
	}
	now := p.serving.Load()
	res := now.world.Table.TLS(peeked.Hello.ServerName)
	if res.Outcome == routing.Passthrough {
		_, backend := now.world.Next(res.Rule)
		p.passThrough(ctx, relay, peeked, backend, res.Rule.Route)
		return true
	}
	policy := now.policy(res)
	if policy == nil {
		p.refuse(c)
		return false
	}
	return p.terminate(ctx, peeked, policy.Config(), terminated)
}

// refuse answers with the alert for a name that nobody serves.
func (p *Plane) refuse(c net.Conn) {
	defer c.Close()
	p.metrics.Handshake("unknown_name")
	_ = c.SetWriteDeadline(time.Now().Add(lastWord))
	_, _ = c.Write(listener.UnrecognizedName)
}

// terminate makes the handshake and hands the connection to the engine, or says
// that it could not.
func (p *Plane) terminate(ctx context.Context, c *listener.Conn, cfg *tls.Config, terminated func(*wire.Conn)) bool {
	limit, cancel := context.WithTimeout(ctx, p.cfg.HandshakeTimeout)
	defer cancel()
	first, raw := c.Rest()
	records := wire.NewRecords(wire.NewSocket(raw), first)
	secured := tls.Server(records, cfg)
	if err := secured.HandshakeContext(limit); err != nil {
		p.metrics.Handshake("failed")
		p.cfg.Logger.Debug("tls handshake failed", "client", c.RemoteAddr().String(), "server_name", c.Hello.ServerName, "error", err)
		raw.Close()
		return false
	}
	p.metrics.Handshake("ok")
	terminated(wire.Secure(records, secured))
	return true
}
