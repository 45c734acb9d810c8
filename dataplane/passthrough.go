package dataplane

import (
	"context"
	"net"
	"net/netip"
	"syscall"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/access"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/listener"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/passthrough"
	"fairlead.dev/fairlead/dataplane/routing"
)

// passed is a connection that is passed through.
type passed struct {
	plane    *Plane
	relay    *passthrough.Relay
	client   net.Conn
	socket   passthrough.Socket // of a client without a net.Conn
	address  netip.Addr         // of the client, which has to leave
	first    []byte             // what the client has sent
	choice   balance.Choice
	endpoint *live.Endpoint
	record   access.Record
}

// mayRelay says whether connections are left to the relay: those of other Dialers
// may be closed by them at any time.
func (p *Plane) mayRelay() bool {
	_, direct := p.cfg.Dialer.(Direct)
	return direct && passthrough.Relays
}

// newPassed begins to count a connection to a Route.
func (p *Plane) newPassed(relay *passthrough.Relay, client netip.Addr, name string, route *snapshot.Route) *passed {
	p.metrics.PassthroughBegins()
	x := &passed{plane: p, relay: relay, address: client, choice: choice(route, client)}
	x.record = access.Record{Time: time.Now(), Listener: "passthrough", Host: name, Route: route.Key}
	if p.cfg.AccessLog != nil {
		x.record.Client = client.String()
	}
	return x
}

// passedTo is the Backend for a connection, or nil and why it is closed.
func passedTo(w *live.World, rule *routing.Rule, x *passed) (b *live.Backend, why string) {
	if !rule.Access().Admits(x.address) {
		x.plane.metrics.Refused("access")
		return nil, "the client's address is not admitted"
	}
	_, b = w.Next(rule, x.choice.Key)
	return b, "the backend does not resolve"
}

// choice says how an Endpoint is chosen for a client, of whom nothing is seen but
// its address.
func choice(route *snapshot.Route, client netip.Addr) balance.Choice {
	how := balance.Choice{Policy: balance.Policy(route.LoadBalancing)}
	if h := route.Hash; h != nil && h.ClientIP {
		var text [40]byte // as a request's is hashed, so that both go to one Endpoint
		how.Key = balance.KeyOf(client.Unmap().AppendTo(text[:0]))
	}
	return how
}

// passThrough carries a connection to a Backend of a World. It keeps nothing of
// the World, since it may outlive many, and returns before the connection ends
// where the relay can have it.
func (p *Plane) passThrough(ctx context.Context, relay *passthrough.Relay, c *listener.Conn, w *live.World, rule *routing.Rule) {
	first, client := c.Rest()
	x := p.newPassed(relay, clientAddr(client), c.Hello.ServerName, rule.Route)
	x.first, x.client = first, client
	b, why := passedTo(w, rule, x)
	if b == nil {
		x.fail(why)
		return
	}
	x.record.Backend = b.Name()
	if _, ok := x.client.(syscall.Conn); ok && p.mayRelay() {
		var err error
		if x.socket, err = relay.Adopt(x.client, nil); err != nil {
			x.fail(err.Error())
			return
		}
		x.client = nil
		x.handOver(ctx, b)
		return
	}
	x.splice(ctx, b)
}

// handOver dials an Endpoint and leaves the connection to the relay.
func (x *passed) handOver(ctx context.Context, b *live.Backend) {
	server, e, err := passthrough.Connect(ctx, x.dial, b, x.choice)
	if err != nil {
		x.fail(err.Error())
		return
	}
	x.carry(server, e)
}

func (x *passed) carry(server passthrough.Socket, e *live.Endpoint) {
	x.served(e)
	ended := x.end
	if x.plane.cfg.AccessLog != nil { // which may block
		ended = func(in, out int64) { x.relay.Go(func() { x.end(in, out) }) }
	}
	if err := x.relay.Carry(x.socket, server, ended); err != nil {
		x.record.Error = err.Error()
		x.end(0, 0)
	}
}

// splice carries the connection here.
func (x *passed) splice(ctx context.Context, b *live.Backend) {
	server, e, err := passthrough.Connect(ctx, x.plane.dialPassthrough, b, x.choice)
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
	if x.client != nil {
		x.client.Close()
	} else {
		x.socket.Close()
	}
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

// dial is dialPassthrough without the net package.
func (x *passed) dial(ctx context.Context, e *live.Endpoint) (passthrough.Socket, error) {
	address, err := netip.ParseAddrPort(e.Address)
	if err != nil { // a name
		c, err := x.plane.dialPassthrough(ctx, e)
		if err != nil {
			return passthrough.Socket{}, err
		}
		return x.relay.Adopt(c, x.first)
	}
	x.plane.monitor.Picked(&e.Health, time.Now().UnixNano())
	s, err := x.relay.Dial(ctx, address, x.first, x.plane.cfg.DialTimeout)
	x.plane.dialled(ctx, e, err)
	return s, err
}

// dialled tells what became of a dial. A failure that is not the caller's ejects
// the Endpoint.
func (p *Plane) dialled(ctx context.Context, e *live.Endpoint, err error) {
	switch {
	case err == nil:
		p.monitor.Succeeded(&e.Health)
	case ctx.Err() == nil:
		p.connectFailed(e, err)
	}
}

// dialPassthrough is connect for those who hear no answer: the connection is one.
func (p *Plane) dialPassthrough(ctx context.Context, e *live.Endpoint) (net.Conn, error) {
	p.monitor.Picked(&e.Health, time.Now().UnixNano())
	c, err := p.connect(ctx, e)
	if err == nil {
		p.monitor.Succeeded(&e.Health)
	}
	return c, err
}
