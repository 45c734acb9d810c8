package proxy

import (
	"errors"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/dataplane/http2"
)

// shared is a connection of HTTP/2 to an Endpoint, which many requests share.
type shared struct {
	*http2.Client
	address string
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

// openShared returns a call on a connection of HTTP/2 that has room for it.
func (p *pool) openShared(x *exchange) (call, error) {
	if s := p.takeShared(); s != nil {
		return &call2{shared: s, again: true}, nil
	}
	c, err := p.dial(x)
	if err != nil {
		return nil, err
	}
	client, err := http2.NewClient(c, &http2.ClientConfig{})
	if err != nil {
		c.Close()
		return nil, err
	}
	if !client.Take() {
		client.CloseWhenIdle()
		return nil, errNoStream
	}
	s := &shared{Client: client, address: c.RemoteAddr().String()}
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
