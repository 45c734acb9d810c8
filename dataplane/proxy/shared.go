package proxy

import (
	"errors"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/dataplane/http2"
	"fairlead.dev/fairlead/dataplane/wire"
)

// shared is a connection of HTTP/2 to an Endpoint, which many requests share.
type shared struct {
	*http2.Client
	address, scheme string
	// last is when a request last ended, in nanoseconds of Unix time.
	last atomic.Int64
}

// stays says whether the connection is to be kept: it has not ended, and was
// used after limit.
func (s *shared) stays(limit int64) bool {
	select {
	case <-s.Done():
		return false
	default:
	}
	return s.InUse() > 0 || s.last.Load() > limit
}

var errNoStream = errors.New("the endpoint allows no request on a new connection")

// atOnce is a connection that is closed without a last word. That of TLS may have
// to wait for the peer, and with it would everyone who asks for a stream.
type atOnce struct{ *wire.Conn }

func (c atOnce) Close() error { return c.Socket.Close() }

// share returns a call on a new connection of HTTP/2, which others may share.
func (p *pool) share(c *wire.Conn) (call, error) {
	client, err := http2.NewClient(atOnce{c}, &http2.ClientConfig{})
	if err != nil {
		c.Close()
		return nil, err
	}
	if !client.Take() {
		client.CloseWhenIdle()
		return nil, errNoStream
	}
	s := &shared{Client: client, address: c.RemoteAddr().String(), scheme: "http"}
	if c.TLS != nil {
		s.scheme = "https"
	}
	s.last.Store(time.Now().UnixNano())
	p.mu.Lock()
	p.shared = append(p.shared, s)
	p.mu.Unlock()
	return &call2{shared: s}, nil
}

func (p *pool) takeShared() *shared {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.shared {
		if s.Take() {
			return s
		}
	}
	return nil
}
