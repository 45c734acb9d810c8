package dataplane

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync"
	"time"

	"fairlead.dev/fairlead/dataplane/certificate"
	"fairlead.dev/fairlead/dataplane/listener"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/passthrough"
	"fairlead.dev/fairlead/dataplane/routing"
	"fairlead.dev/fairlead/dataplane/wire"
)

// front takes connections on the TLS port. Where it may they come from the loops
// of the relay. What is passed through to an Endpoint that is connected at once
// never leaves these; everything else gets a goroutine.
type front struct {
	plane      *Plane
	ctx        context.Context // cuts connections off
	relay      *passthrough.Relay
	handshakes *handshakes
	// handshakers have the large stack that a handshake needs. A connection may live
	// long, so it goes on in another goroutine, one of servers.
	handshakers, servers *crew
}

// newFront returns a front. start starts a goroutine for a connection that was
// terminated.
func newFront(ctx context.Context, p *Plane, relay *passthrough.Relay, start func(func())) *front {
	h := &handshakes{limit: p.cfg.HandshakeTimeout}
	context.AfterFunc(ctx, h.cut)
	return &front{
		plane: p, ctx: ctx, relay: relay, handshakes: h,
		handshakers: &crew{start: relay.Go}, servers: &crew{start: start},
	}
}

// close returns when everything is passed through, or with the engine.
func (f *front) close() {
	f.handshakers.dismiss()
	f.relay.Wait()
	f.servers.dismiss()
}

// peeks are buffers for a ClientHello.
var peeks = sync.Pool{New: func() any { return new([4096]byte) }}

// take is called for each connection. It does not block.
func (f *front) take(s passthrough.Socket) {
	if refusal := f.plane.connections.Enter(s.Peer); refusal != "" {
		f.plane.metrics.Refused(string(refusal))
		s.Close()
		return
	}
	b := peeks.Get().(*[4096]byte)
	defer peeks.Put(b)
	first := s.Peek(b[:])
	hello, err := listener.ParseHello(first)
	if err != nil {
		f.handshakers.do(func() { f.acceptSocket(s) })
		return
	}
	now := f.plane.serving.Load()
	if now.world.Challenges.TLS(&hello) != nil {
		f.handshakers.do(func() { f.acceptSocket(s) })
		return
	}
	res := now.world.Table.TLS(hello.ServerName)
	if res.Outcome != routing.Passthrough {
		if policy := now.policy(res); policy != nil {
			f.handshakers.do(func() { f.terminateSocket(s, hello.ServerName, policy) })
		} else { // who is closed has to be read from first, lest the answer be lost
			f.handshakers.do(func() { f.acceptSocket(s) })
		}
		return
	}
	s.Skip(first)
	x := f.plane.newPassed(f.relay, s.Peer, hello.ServerName, res.Rule.Route)
	x.socket, x.first = s, first
	backend, why := passedTo(now.world, res.Rule, x)
	if backend == nil {
		x.keep()
		f.relay.Go(func() { x.fail(why) })
		return
	}
	x.record.Backend = backend.Name()
	f.start(x, backend)
}

// acceptSocket goes the way of connections that nobody has looked at.
func (f *front) acceptSocket(s passthrough.Socket) {
	if c := f.connOf(s); c != nil {
		f.accept(c, s.Peer)
	}
}

// terminateSocket terminates a connection whose ClientHello was looked at.
func (f *front) terminateSocket(s passthrough.Socket, name string, policy *certificate.Policy) {
	if c := f.connOf(s); c != nil {
		f.terminate(c, s.Peer, nil, name, policy)
	}
}

func (f *front) connOf(s passthrough.Socket) net.Conn {
	c, err := s.Conn()
	if err != nil {
		f.plane.connections.Leave(s.Peer)
		f.plane.cfg.Logger.Warn("an accepted connection is lost", "error", err)
		return nil
	}
	return c
}

// accept finds out what a connection wants.
func (f *front) accept(c net.Conn, client netip.Addr) {
	p := f.plane
	peeked, err := listener.Peek(c, p.cfg.HandshakeTimeout)
	if err != nil {
		defer p.connections.Leave(client)
		defer c.Close()
		p.metrics.Handshake("not_tls")
		if errors.Is(err, listener.ErrNotTLS) {
			_ = c.SetWriteDeadline(time.Now().Add(lastWord))
			_, _ = io.WriteString(c, "HTTP/1.0 400 Bad Request\r\nConnection: close\r\n\r\nThis port speaks TLS.\n")
		}
		return
	}
	now := p.serving.Load()
	if proof := now.world.Challenges.TLS(&peeked.Hello); proof != nil {
		first, c := peeked.Rest()
		f.prove(c, client, first, proof)
		return
	}
	res := now.world.Table.TLS(peeked.Hello.ServerName)
	if res.Outcome == routing.Passthrough {
		p.passThrough(f.ctx, f.relay, peeked, now.world, res.Rule)
		return
	}
	first, c := peeked.Rest()
	f.terminate(c, client, first, peeked.Hello.ServerName, now.policy(res))
}

// prove makes a handshake for an authority, which wants nothing more.
func (f *front) prove(c net.Conn, client netip.Addr, first []byte, cfg *tls.Config) {
	defer f.plane.connections.Leave(client)
	defer c.Close()
	if _, err := f.handshake(c, first, cfg); err != nil {
		f.plane.metrics.Handshake("failed")
		f.plane.cfg.Logger.Debug("tls handshake of a challenge failed", "client", c.RemoteAddr().String(), "error", err)
		return
	}
	f.plane.metrics.Handshake("challenge")
}

// terminate makes the handshake and hands the connection to the engine. first was
// read already. Without a Policy the answer is the alert for a name that nobody
// serves.
func (f *front) terminate(c net.Conn, client netip.Addr, first []byte, name string, policy *certificate.Policy) {
	p := f.plane
	if policy == nil {
		defer p.connections.Leave(client)
		defer c.Close()
		p.metrics.Handshake("unknown_name")
		_ = c.SetWriteDeadline(time.Now().Add(lastWord))
		_, _ = c.Write(listener.UnrecognizedName)
		return
	}
	conn, err := f.handshake(c, first, policy.Config())
	if err != nil {
		p.metrics.Handshake(whyFailed(err))
		p.cfg.Logger.Debug("tls handshake failed", "client", c.RemoteAddr().String(), "server_name", name, "error", err)
		c.Close()
		p.connections.Leave(client)
		return
	}
	p.metrics.Handshake("ok")
	conn.Clients = policy.Clients
	f.servers.do(func() {
		defer p.connections.Leave(client)
		p.engine.Serve(conn, routing.TLS)
	})
}

func (f *front) handshake(c net.Conn, first []byte, cfg *tls.Config) (*wire.Conn, error) {
	records := wire.NewRecords(wire.NewSocket(c), first)
	secured := tls.Server(records, cfg)
	h := f.handshakes.begin(c)
	err := secured.Handshake()
	if !f.handshakes.end(h) {
		err = errors.Join(errHandshakeTime, err)
	}
	return wire.Secure(records, secured), err
}

// whyFailed is what a failed handshake is counted as.
func whyFailed(err error) string {
	if certificate.IsClients(err) {
		return "client_certificate"
	}
	return "failed"
}

var errHandshakeTime = errors.New("the handshake did not come to its end in time")

// keep makes the first bytes outlive the buffer that they were read to.
func (x *passed) keep() { x.first = append([]byte(nil), x.first...) }

// start tries one Endpoint. If it is not connected at once the rest is done in a
// goroutine.
func (f *front) start(x *passed, b *live.Backend) {
	var address netip.AddrPort
	e := b.Pick(x.choice, nil)
	if e != nil { // a name gives the zero address
		address, _ = netip.ParseAddrPort(e.Address)
	}
	if !address.IsValid() {
		x.keep()
		f.relay.Go(func() { x.handOver(f.ctx, b) })
		return
	}
	e.Begin()
	f.plane.monitor.Picked(&e.Health, time.Now().UnixNano())
	server, err := f.relay.Start(address, x.first)
	server = server.Keep()
	if err == nil {
		f.plane.dialled(f.ctx, e, nil)
		x.carry(server, e)
		return
	}
	x.keep()
	f.relay.Go(func() { f.finish(x, server, e, err, b) })
}

// finish waits for what was not connected at once, and tries others.
func (f *front) finish(x *passed, server passthrough.Socket, e *live.Endpoint, err error, b *live.Backend) {
	if errors.Is(err, passthrough.ErrPending) {
		server, err = f.relay.Await(f.ctx, server, f.plane.cfg.DialTimeout)
	}
	f.plane.dialled(f.ctx, e, err)
	if err == nil {
		x.carry(server, e)
		return
	}
	e.End()
	x.handOver(f.ctx, b)
}
