package rig

import (
	"io"
	"net"
	"path/filepath"
	"sync"
	"testing"
)

// APIProxy is a second address of an engine's API that can be taken away while
// the engine and its containers run on.
type APIProxy struct {
	path, engine string

	mu       sync.Mutex // guards following
	listener net.Listener
	conns    map[net.Conn]struct{}
	open     sync.WaitGroup
}

// APIProxy starts a proxy in front of the node's engine; the test's end stops it.
func (n *Node) APIProxy(t testing.TB) *APIProxy {
	t.Helper()
	p := &APIProxy{path: filepath.Join(t.TempDir(), "api.sock"), engine: n.socket()}
	p.Restore(t)
	t.Cleanup(p.TakeAway)
	return p
}

// Host is the proxy's address as DOCKER_HOST takes it.
func (p *APIProxy) Host() string { return "unix://" + p.path }

// TakeAway ends every connection and refuses new ones.
func (p *APIProxy) TakeAway() {
	p.mu.Lock()
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
	for c := range p.conns {
		_ = c.Close()
	}
	p.mu.Unlock()
	p.open.Wait()
}

// Restore takes connections again.
func (p *APIProxy) Restore(t testing.TB) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		return
	}
	l, err := net.Listen("unix", p.path)
	if err != nil {
		t.Fatal(err)
	}
	p.listener, p.conns = l, map[net.Conn]struct{}{}
	p.open.Go(func() { p.accept(l) })
}

func (p *APIProxy) accept(l net.Listener) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		engine, err := net.Dial("unix", p.engine)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.join(l, client, engine)
	}
}

// join copies both ways until both have ended, unless the API was taken away
// meanwhile.
func (p *APIProxy) join(l net.Listener, client, engine net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != l {
		_, _ = client.Close(), engine.Close()
		return
	}
	p.conns[client], p.conns[engine] = struct{}{}, struct{}{}
	p.open.Go(func() {
		var both sync.WaitGroup
		both.Go(func() { copyOneWay(client, engine) })
		both.Go(func() { copyOneWay(engine, client) })
		both.Wait()
		_, _ = client.Close(), engine.Close()
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, client)
		delete(p.conns, engine)
	})
}

// copyOneWay passes an end on as an end, for a client may half close; a failure
// ends both directions.
func copyOneWay(to, from net.Conn) {
	_, err := io.Copy(to, from)
	if err == nil && to.(*net.UnixConn).CloseWrite() == nil {
		return
	}
	_, _ = to.Close(), from.Close()
}
