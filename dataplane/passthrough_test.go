package dataplane

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// tlsOrigin is a TLS server with a certificate of its own that echoes lines.
func tlsOrigin(t testing.TB, name string) net.Listener {
	t.Helper()
	chain, key := newCertificate(t, ecdsaKey(t), name)
	cert, err := tls.X509KeyPair(chain, key)
	if err != nil {
		t.Fatal(err)
	}
	l := tls.NewListener(listenLocal(t), &tls.Config{Certificates: []tls.Certificate{cert}})
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				echo(c)
				fmt.Fprintln(c, "goodbye")
			}()
		}
	}()
	return l
}

func passthroughTo(host string, addresses ...string) snapshot.Snapshot {
	rt := routeTo(host, "pass")
	rt.TLS = snapshot.TLSPassthrough
	b := snapshot.Backend{ID: "pass", Name: "pass"}
	for i, a := range addresses {
		b.Endpoints = append(b.Endpoints, snapshot.Endpoint{ID: fmt.Sprint("pass", i), Address: a})
	}
	return snapshot.Snapshot{Routes: []*snapshot.Route{rt}, Backends: []snapshot.Backend{b}}
}

func dialTLS(t testing.TB, address, name string) (line, *tls.Conn) {
	t.Helper()
	c, err := tls.Dial("tcp", address, &tls.Config{ServerName: name, InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(2 * patience))
	return line{c, bufio.NewReader(c)}, c
}

func TestPassthrough(t *testing.T) {
	r := startRig(t)
	// The first Endpoint is not there: another is tried.
	r.publish(passthroughTo("p.local", closedAddress(t), tlsOrigin(t, "the application's own").Addr().String()))
	for range 2 {
		l, c := dialTLS(t, r.https, "p.local")
		if got := c.ConnectionState().PeerCertificates[0].Subject.CommonName; got != "the application's own" {
			t.Error(got)
		}
		fmt.Fprintln(l, "hello")
		l.expect(t, "hello")
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		l.expect(t, "goodbye")
		c.Close()
	}
	until(t, "both are logged", func() bool { return strings.Count(r.log.String(), `"listener":"passthrough"`) == 2 })
	if !strings.Contains(r.log.String(), `"endpoint":"pass1"`) {
		t.Error(r.log)
	}
}

func TestPassthroughToAName(t *testing.T) {
	r := startRig(t)
	_, port, _ := net.SplitHostPort(tlsOrigin(t, "own").Addr().String())
	r.publish(passthroughTo("p.local", "localhost:"+port))
	l, _ := dialTLS(t, r.https, "p.local")
	fmt.Fprintln(l, "hello")
	l.expect(t, "hello")
}

func TestPassthroughWithNowhereToGoIsClosed(t *testing.T) {
	r := startRig(t)
	s := passthroughTo("none.local")
	unresolved := routeTo("unresolved.local", "")
	unresolved.TLS = snapshot.TLSPassthrough
	s.Routes = append(s.Routes, unresolved)
	r.publish(s)
	for _, name := range []string{"none.local", "unresolved.local"} {
		if got := r.servedName(name); !strings.Contains(got, "EOF") && !strings.Contains(got, "reset") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// raw remembers the connections of a Dialer.
type raw struct{ conns chan net.Conn }

func (d raw) DialEndpoint(ctx context.Context, network, address string) (net.Conn, error) {
	c, err := Direct{}.DialEndpoint(ctx, network, address)
	if err == nil {
		d.conns <- c
	}
	return c, err
}

// readByThisProcess is the number of bytes that read(2) and the like returned.
func readByThisProcess(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Fatal("cannot count:", err)
	}
	for l := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(l, "rchar: "); ok {
			n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatalf("no rchar in %s", b)
	return 0
}

// Splice moves bytes that no read(2) of this process ever returns: of what the
// test sends, this process reads only what the test itself receives.
func TestPassthroughBytesDoNotComeToThisProcess(t *testing.T) {
	const size = 32 << 20
	r := startRig(t)
	sink := listenLocal(t)
	defer sink.Close()
	var received atomic.Int64
	done := make(chan error, 1)
	go func() {
		c, err := sink.Accept()
		if err != nil {
			done <- err
			return
		}
		defer c.Close()
		buf := make([]byte, 1<<20)
		for err == nil {
			var n int
			n, err = c.Read(buf)
			received.Add(int64(n))
		}
		done <- err
	}()
	r.publish(passthroughTo("p.local", sink.Addr().String()))
	c, err := net.Dial("tcp", r.https)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	hello := clientHello(t, "p.local")
	before := readByThisProcess(t)
	if _, err := c.Write(hello); err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for range size / len(block) {
		if _, err := c.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	c.(*net.TCPConn).CloseWrite()
	if err := <-done; err != io.EOF {
		t.Fatal(err)
	}
	if got := received.Load(); got != size+int64(len(hello)) {
		t.Fatalf("%d bytes arrived", got)
	}
	if got := readByThisProcess(t) - before; got > size*3/2 {
		t.Errorf("this process read %d bytes for %d: they were copied", got, size)
	}
}

func TestThePassthroughDialsRawSockets(t *testing.T) {
	d := raw{make(chan net.Conn, 1)}
	r := startRig(t, func(c *Config) { c.Dialer = d })
	r.publish(passthroughTo("p.local", tlsOrigin(t, "own").Addr().String()))
	dialTLS(t, r.https, "p.local")
	if c, ok := (<-d.conns).(*net.TCPConn); !ok {
		t.Errorf("%T", c)
	}
}

func TestPassthroughConnectionsOutlivePublishes(t *testing.T) {
	r := startRig(t)
	r.publish(passthroughTo("p.local", tlsOrigin(t, "own").Addr().String()))
	l, _ := dialTLS(t, r.https, "p.local")
	r.publish(snapshot.Snapshot{})
	if got := r.servedName("p.local"); got != unrecognized {
		t.Error(got)
	}
	fmt.Fprintln(l, "still here")
	l.expect(t, "still here")
}

func TestDrainEndsWhatTakesTooLong(t *testing.T) {
	r := startRig(t, func(c *Config) { c.DrainTimeout = 50 * time.Millisecond })
	s := passthroughTo("p.local", tlsOrigin(t, "own").Addr().String())
	plain := oneRoute(t, websocketOrigin)
	s.Routes, s.Backends = append(s.Routes, plain.Routes...), append(plain.Backends, s.Backends...)
	r.publish(s)
	l, _ := dialTLS(t, r.https, "p.local")
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ws := upgrade(t, c)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	for _, l := range []line{l, ws} {
		if _, err := l.ReadByte(); err == nil {
			t.Error("still open")
		}
	}
}
