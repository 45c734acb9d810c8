package http2

import (
	"net"
	"sync"
	"testing"
)

// listen serves connections on loopback until the test ends; then all are gone.
func listen(t testing.TB, cfg *Config) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveAll(t, l, cfg)
	return l
}

// serveAll serves l's connections until the test ends.
func serveAll(t testing.TB, l net.Listener, cfg *Config) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []*Conn
	wg.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			conn := NewConn(c, nil, cfg)
			mu.Lock()
			conns = append(conns, conn)
			mu.Unlock()
			wg.Go(func() { _ = conn.Serve() })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
}
