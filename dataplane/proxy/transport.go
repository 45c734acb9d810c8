package proxy

import (
	"context"
	"net"
	"net/http"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/live"
)

// connections are the keep-alive connections to one Endpoint.
type connections struct{ *http.Transport }

// CloseIdle closes those without a request.
func (c connections) CloseIdle() { c.CloseIdleConnections() }

// idlePerEndpoint bounds the connections without a request to one Endpoint.
const idlePerEndpoint = 256

// transport returns the connections to an Endpoint, which live as long as it.
func (e *Engine) transport(ep *live.Endpoint) *http.Transport {
	return ep.Connections(e.connect).(connections).Transport
}

func (e *Engine) connect(ep *live.Endpoint) live.Connections {
	protocols := new(http.Protocols)
	if ep.Backend.Protocol == snapshot.H2C {
		protocols.SetUnencryptedHTTP2(true)
	} else {
		protocols.SetHTTP1(true)
	}
	return connections{&http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := e.cfg.Dial(ctx, ep)
			if err != nil {
				return nil, &connectError{err}
			}
			return c, nil
		},
		Protocols:              protocols,
		DisableCompression:     true, // what the client did not ask for it does not get
		MaxIdleConnsPerHost:    idlePerEndpoint,
		IdleConnTimeout:        e.cfg.IdleTimeout,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 1 << 20,
	}}
}

// connectError is a failure before there was a connection, so the Endpoint has
// seen nothing of the request.
type connectError struct{ error }

func (e *connectError) Unwrap() error { return e.error }
