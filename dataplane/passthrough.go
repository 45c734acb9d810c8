package dataplane

import (
	"context"
	"net"
	"net/netip"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/access"
	"fairlead.dev/fairlead/dataplane/listener"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/passthrough"
)

// passed is a connection that is passed through.
type passed struct {
	plane    *Plane
	client   net.Conn
	address  netip.Addr
	first    []byte // what the client has sent
	endpoint *live.Endpoint
	record   access.Record
}

// passThrough carries a connection to a Backend, nil where the reference does not
// resolve. What it needs of the World it was given, since it may outlive many. It
// returns before the connection ends where the relay can have it.
func (p *Plane) passThrough(ctx context.Context, relay *passthrough.Relay, c *listener.Conn, b *live.Backend, route *snapshot.Route) {
	p.metrics.PassthroughBegins()
	first, client := c.Rest()
	x := &passed{plane: p, client: client, first: first}
	x.record = access.Record{Time: time.Now(), Listener: "passthrough", Host: c.Hello.ServerName, Route: route.Key}
	x.address = clientAddr(client)
	if p.cfg.AccessLog != nil {
		x.record.Client = x.address.String()
	}
	if b == nil {
		x.fail("the backend does not resolve")
		return
	}
	x.record.Backend = b.Name()
	tcp, ok := client.(*net.TCPConn)
	if _, direct := p.cfg.Dialer.(Direct); ok && direct && passthrough.Relays {
		x.relay(ctx, relay, tcp, b, route.LoadBalancing)
		return
	}
	x.splice(ctx, b, route.LoadBalancing)
}

// relay leaves the connection to the relay.
func (x *passed) relay(ctx context.Context, relay *passthrough.Relay, client *net.TCPConn, b *live.Backend, policy string) {
	dial := func(ctx context.Context, e *live.Endpoint) (passthrough.Socket, error) {
		return x.plane.dialSocket(ctx, relay, e, x.first)
	}
	server, e, err := passthrough.Connect(ctx, dial, b, policy)
	if err != nil {
		x.fail(err.Error())
		return
	}
	x.served(e)
	ended := x.end
	if x.plane.cfg.AccessLog != nil { // which may block
		ended = func(in, out int64) { relay.Go(func() { x.end(in, out) }) }
	}
	if err := relay.Carry(client, server, ended); err != nil {
		x.fail(err.Error())
	}
}

// splice carries the connection here.
func (x *passed) splice(ctx context.Context, b *live.Backend, policy string) {
	server, e, err := passthrough.Connect(ctx, x.plane.dialPassthrough, b, policy)
	if err != nil {
		x.fail(err.Error())
		return
	}
	x.served(e)
	x.end(passthrough.Splice(ctx, x.client, server, x.first))
}

func (x *passed) served(e *live.Endpoint) { x.endpoint, x.record.Endpoint = e, e.ID }

// fail ends what nobody serves.
func (x *passed) fail(why string) {
	x.client.Close()
	x.record.Error = why
	x.end(0, 0)
}

// end writes down what became of the connection.
func (x *passed) end(in, out int64) {
	if x.endpoint != nil {
		x.endpoint.End()
	}
	x.plane.connections.Leave(x.address)
	x.plane.metrics.PassthroughEnds()
	x.record.BytesIn, x.record.BytesOut, x.record.Duration = in, out, since(x.record.Time)
	x.plane.log.Write(&x.record)
}

// dialSocket is dialPassthrough without the net package.
func (p *Plane) dialSocket(ctx context.Context, relay *passthrough.Relay, e *live.Endpoint, first []byte) (passthrough.Socket, error) {
	address, err := netip.ParseAddrPort(e.Address)
	if err != nil { // a name
		c, err := p.dialPassthrough(ctx, e)
		if err != nil {
			return passthrough.Socket{}, err
		}
		return relay.Adopt(c, first)
	}
	p.monitor.Picked(&e.Health, time.Now().UnixNano())
	s, err := relay.Dial(ctx, address, first, p.cfg.DialTimeout)
	switch {
	case err == nil:
		p.monitor.Succeeded(&e.Health)
	case ctx.Err() == nil:
		p.metrics.ConnectError()
		p.cfg.Logger.Debug("connect failed", "endpoint", e.ID, "address", e.Address, "error", err)
		p.monitor.ConnectFailed(&e.Health, e.ID)
	}
	return s, err
}

// dialPassthrough is dial for those who hear no answer: the connection is one.
func (p *Plane) dialPassthrough(ctx context.Context, e *live.Endpoint) (net.Conn, error) {
	p.monitor.Picked(&e.Health, time.Now().UnixNano())
	c, err := p.dial(ctx, e)
	if err == nil {
		p.monitor.Succeeded(&e.Health)
	}
	return c, err
}
