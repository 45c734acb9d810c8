package proxy

import (
	"context"
	"slices"
	"sync"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/certificate"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/wire"
)

// idlePerEndpoint bounds the connections without a request to one Endpoint.
const idlePerEndpoint = 256

// pool holds the connections to one Endpoint. The one that was used last is used
// next, so that a quiet time leaves few.
type pool struct {
	engine   *Engine
	endpoint *live.Endpoint

	mu     sync.Mutex // guards following
	idle   []*call1
	shared []*shared
}

// poolOf returns the connections to an Endpoint, which live as long as it.
func (e *Engine) poolOf(ep *live.Endpoint) *pool {
	return ep.Connections(e.newPool).(*pool)
}

func (e *Engine) newPool(ep *live.Endpoint) live.Connections {
	p := &pool{engine: e, endpoint: ep}
	e.watched.addPool(p)
	return p
}

// open returns a call on an idle connection to the Endpoint, or on a new one.
func (e *Engine) open(x *exchange, ep *live.Endpoint) (call, error) {
	p := e.poolOf(ep)
	of2 := ep.Backend.Protocol == snapshot.H2C
	protocols := certificate.Only1
	if of2 || ep.Backend.Protocol == snapshot.HTTPS && !x.out.Fields.Has("Upgrade") {
		if s := p.takeShared(); s != nil {
			return &call2{shared: s, again: true}, nil
		}
		protocols = certificate.Any
	}
	if c := p.take(); c != nil {
		c.begin(x.in.Method, x.began)
		return c, nil
	}
	conn, err := p.dial(x, protocols)
	if err != nil {
		return nil, err
	}
	if of2 || conn.Protocol() == "h2" {
		return p.share(conn)
	}
	c := &call1{pool: p, conn: conn}
	c.begin(x.in.Method, x.began)
	return c, nil
}

// dialing is a connect that can be interrupted.
type dialing struct{ cancel context.CancelFunc }

func (d dialing) interrupt() { d.cancel() }

func (p *pool) dial(x *exchange, protocols []string) (*wire.Conn, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if !x.waitFor(dialing{cancel}) {
		return nil, errInterrupted
	}
	c, err := p.engine.cfg.Dial(ctx, p.endpoint, protocols)
	x.waitFor(nil)
	return c, err
}

func (p *pool) take() *call1 {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle[n-1], p.idle = nil, p.idle[:n-1]
	return c
}

// put takes a connection back.
func (p *pool) put(c *call1) {
	p.mu.Lock()
	full := len(p.idle) >= idlePerEndpoint
	if !full {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if full {
		c.conn.Close()
	}
}

// CloseIdle closes the connections without a request; those with one close when
// it has ended.
func (p *pool) CloseIdle() {
	p.mu.Lock()
	idle, ofHTTP2 := p.idle, p.shared
	p.idle, p.shared = nil, nil
	p.mu.Unlock()
	for _, c := range idle {
		c.conn.Close()
	}
	for _, c := range ofHTTP2 {
		c.CloseWhenIdle()
	}
}

// sweep closes the connections that the Endpoint has ended, and those that were
// idle for long.
func (p *pool) sweep(now time.Time) {
	limit := now.Add(-p.engine.cfg.Limits.IdleTimeout).UnixNano()
	var ended []*call1
	var unused []*shared
	p.mu.Lock()
	p.idle = slices.DeleteFunc(p.idle, func(c *call1) bool {
		stays := c.idleSince > limit && c.conn.Look() == nil
		if !stays {
			ended = append(ended, c)
		}
		return !stays
	})
	p.shared = slices.DeleteFunc(p.shared, func(c *shared) bool {
		stays := c.stays(limit)
		if !stays {
			unused = append(unused, c)
		}
		return !stays
	})
	p.mu.Unlock()
	for _, c := range ended {
		c.conn.Close()
	}
	for _, c := range unused {
		c.CloseWhenIdle()
	}
}
