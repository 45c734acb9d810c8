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
	if plain != nil {
		run.Go(func() error { return p.engine.Serve(ctx, plain, routing.Plain, p.cfg.DrainTimeout) })
	}
	if secure != nil {
		queue := listener.NewQueue(secure.Addr())
		run.Go(func() error { return p.engine.Serve(ctx, queue, routing.TLS, p.cfg.DrainTimeout) })
		relay, err := passthrough.NewRelay()
		if err != nil {
			return fmt.Errorf("make the relay: %w", err)
		}
		carry, done := context.WithCancel(force)
		run.Go(func() error { return relay.Run(carry) })
		run.Go(func() error {
			defer done()
			defer relay.Wait()
			return listener.Serve(ctx, secure, func(c net.Conn) { p.accept(force, c, queue, relay) })
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

// accept finds out what a connection on the TLS port wants. ctx is the one that
// cuts it off.
func (p *Plane) accept(ctx context.Context, c net.Conn, terminated *listener.Queue, relay *passthrough.Relay) {
	peeked, err := listener.Peek(c, p.cfg.HandshakeTimeout)
	if err != nil {
		defer c.Close()
		p.metrics.Handshake("not_tls")
		if errors.Is(err, listener.ErrNotTLS) {
			_ = c.SetWriteDeadline(time.Now().Add(lastWord))
			_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nThis port speaks TLS.\n")
		}
		return
	}
	now := p.serving.Load()
	res := now.world.Table.TLS(peeked.Hello.ServerName)
	if res.Outcome == routing.Passthrough {
		_, backend := now.world.Next(res.Rule)
		p.passThrough(ctx, relay, peeked, backend, res.Rule.Route)
		return
	}
	policy := now.policy(res)
	if policy == nil {
		p.refuse(c)
		return
	}
	p.terminate(ctx, peeked, policy.Config(), terminated)
}

// refuse answers with the alert for a name that nobody serves.
func (p *Plane) refuse(c net.Conn) {
	defer c.Close()
	p.metrics.Handshake("unknown_name")
	_ = c.SetWriteDeadline(time.Now().Add(lastWord))
	_, _ = c.Write(listener.UnrecognizedName)
}

// terminate makes the handshake and hands the connection to the engine.
func (p *Plane) terminate(ctx context.Context, c *listener.Conn, cfg *tls.Config, terminated *listener.Queue) {
	limit, cancel := context.WithTimeout(ctx, p.cfg.HandshakeTimeout)
	defer cancel()
	secured := tls.Server(c, cfg)
	if err := secured.HandshakeContext(limit); err != nil {
		p.metrics.Handshake("failed")
		p.cfg.Logger.Debug("tls handshake failed", "client", c.RemoteAddr().String(), "server_name", c.Hello.ServerName, "error", err)
		c.Close()
		return
	}
	p.metrics.Handshake("ok")
	if !terminated.Put(secured) {
		secured.Close()
	}
}

// addressOf returns the address of a client without its port, as the access log
// has it.
func addressOf(c net.Conn) string {
	host, _, err := net.SplitHostPort(c.RemoteAddr().String())
	if err != nil {
		return c.RemoteAddr().String()
	}
	return host
}
