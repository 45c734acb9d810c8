package dataplane

import (
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"net"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/probe"
	"fairlead.dev/fairlead/dataplane/wire"
)

// dial connects to an Endpoint for the engine, over TLS where its Backend is to be
// spoken to so. A failure that is not the caller's ejects it. Each step, the wait
// for certificates, the connect and the handshake, may take DialTimeout.
func (p *Plane) dial(ctx context.Context, e *live.Endpoint, protocols []string) (*wire.Conn, error) {
	trust := e.Backend.Trust
	if trust == nil {
		c, err := p.connect(ctx, e)
		if err != nil {
			return nil, err
		}
		return wire.Plain(wire.NewSocket(c)), nil
	}
	cfg, err := p.settings(ctx, e, protocols)
	if err != nil {
		return nil, err
	}
	c, err := p.connect(ctx, e)
	if err != nil {
		return nil, err
	}
	secured, err := p.secure(ctx, c, cfg)
	if err != nil && ctx.Err() == nil {
		p.connectFailed(e, err)
		if trust.Complain(err) {
			p.cfg.Logger.Warn("no TLS with an endpoint", "backend", e.Backend.Name(), "endpoint", e.ID, "address", e.Address, "error", err)
		}
	}
	return secured, err
}

// settings are what the handshake with an Endpoint is made with.
func (p *Plane) settings(ctx context.Context, e *live.Endpoint, protocols []string) (*tls.Config, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	defer cancel()
	host, _, err := net.SplitHostPort(e.Address)
	if err != nil {
		return nil, fmt.Errorf("address of endpoint %s: %w", e.ID, err)
	}
	return e.Backend.Trust.Config(ctx, e.Address, host, protocols)
}

// secure makes the handshake, or closes c.
func (p *Plane) secure(ctx context.Context, c net.Conn, cfg *tls.Config) (*wire.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	defer cancel()
	records := wire.NewRecords(wire.NewSocket(c), nil)
	secured := tls.Client(records, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("tls handshake: %w", err)
	}
	return wire.Secure(records, secured), nil
}

// connect connects to an Endpoint.
func (p *Plane) connect(ctx context.Context, e *live.Endpoint) (net.Conn, error) {
	limit, cancel := context.WithTimeout(ctx, p.cfg.DialTimeout)
	defer cancel()
	c, err := p.dialTCP(limit, e)
	if err != nil && ctx.Err() == nil {
		p.connectFailed(e, err)
	}
	return c, err
}

func (p *Plane) dialTCP(ctx context.Context, e *live.Endpoint) (net.Conn, error) {
	return p.cfg.Dialer.DialEndpoint(ctx, cmp.Or(e.Network, e.Backend.Network), e.Address)
}

// dialCheck connects to an Endpoint for a check, over TLS where requests go so and
// more than a connection is asked for. It tells nobody how that went.
func (p *Plane) dialCheck(ctx context.Context, e *live.Endpoint) (net.Conn, error) {
	c, err := p.dialTCP(ctx, e)
	if err != nil || e.Backend.Trust == nil || e.Backend.Check.Type == snapshot.CheckTCP {
		return c, err
	}
	cfg, err := p.settings(ctx, e, probe.Protocols(e.Backend.Check.Type))
	if err != nil {
		c.Close()
		return nil, err
	}
	secured := tls.Client(c, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, fmt.Errorf("tls handshake: %w", err)
	}
	return secured, nil
}

func (p *Plane) connectFailed(e *live.Endpoint, err error) {
	p.metrics.ConnectError()
	p.cfg.Logger.Debug("connect failed", "endpoint", e.ID, "address", e.Address, "error", err)
	p.monitor.ConnectFailed(&e.Health, e.ID)
}
