package dataplane

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"fairlead.dev/fairlead/dataplane/listener"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/passthrough"
	"fairlead.dev/fairlead/dataplane/routing"
	"fairlead.dev/fairlead/dataplane/wire"
)

// front takes connections on the TLS port in the loops of the relay. What is
// passed through to an Endpoint that is connected at once never leaves them;
// everything else gets a goroutine and the way of accept.
type front struct {
	plane *Plane
	ctx   context.Context // cuts connections off
	relay *passthrough.Relay
	serve func(*wire.Conn) // has what was terminated
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
		f.relay.Go(func() { f.accept(s) })
		return
	}
	now := f.plane.serving.Load()
	res := now.world.Table.TLS(hello.ServerName)
	if res.Outcome != routing.Passthrough {
		f.relay.Go(func() { f.accept(s) })
		return
	}
	s.Skip(first)
	_, backend := now.world.Next(res.Rule)
	x := f.plane.newPassed(f.relay, s.Peer, hello.ServerName, res.Rule.Route)
	x.socket, x.first = s, first
	if backend == nil {
		x.keep()
		f.relay.Go(func() { x.fail("the backend does not resolve") })
		return
	}
	x.record.Backend = backend.Name()
	f.start(x, backend, res.Rule.Route.LoadBalancing)
}

// accept goes the way of connections that nobody has looked at.
func (f *front) accept(s passthrough.Socket) {
	c, err := s.Conn()
	if err != nil {
		f.plane.connections.Leave(s.Peer)
		f.plane.cfg.Logger.Warn("an accepted connection is lost", "error", err)
		return
	}
	if !f.plane.accept(f.ctx, c, f.serve, f.relay) {
		f.plane.connections.Leave(s.Peer)
	}
}

// keep makes the first bytes outlive the buffer that they were read to.
func (x *passed) keep() { x.first = append([]byte(nil), x.first...) }

// start tries one Endpoint. If it is not connected at once the rest is done in a
// goroutine.
func (f *front) start(x *passed, b *live.Backend, policy string) {
	var address netip.AddrPort
	e := b.Pick(policy, nil)
	if e != nil { // a name gives the zero address
		address, _ = netip.ParseAddrPort(e.Address)
	}
	if !address.IsValid() {
		x.keep()
		f.relay.Go(func() { x.handOver(f.ctx, b, policy) })
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
	f.relay.Go(func() { f.finish(x, server, e, err, b, policy) })
}

// finish waits for what was not connected at once, and tries others.
func (f *front) finish(x *passed, server passthrough.Socket, e *live.Endpoint, err error, b *live.Backend, policy string) {
	if errors.Is(err, passthrough.ErrPending) {
		server, err = f.relay.Await(f.ctx, server, f.plane.cfg.DialTimeout)
	}
	f.plane.dialled(f.ctx, e, err)
	if err == nil {
		x.carry(server, e)
		return
	}
	e.End()
	x.handOver(f.ctx, b, policy)
}
