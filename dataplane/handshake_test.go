package dataplane

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// counter counts how often it was closed.
type counter struct{ n atomic.Int32 }

func (c *counter) Close() error {
	c.n.Add(1)
	return nil
}

func TestHandshakesEndInTimeOrAreClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := &handshakes{limit: 10 * time.Second}
		slow, quick, later := &counter{}, &counter{}, &counter{}
		first, second := a.begin(slow), a.begin(quick)
		time.Sleep(6 * time.Second)
		third := a.begin(later)
		if !a.end(second) {
			t.Error("a quick one counts as late")
		}
		time.Sleep(5 * time.Second)
		if a.end(first) || slow.n.Load() != 1 {
			t.Error("a slow one is not closed")
		}
		if later.n.Load() != 0 {
			t.Error("a later one has no time of its own")
		}
		time.Sleep(6 * time.Second)
		if a.end(third) || later.n.Load() != 1 || quick.n.Load() != 0 {
			t.Error("one timer is not enough for all")
		}
		fourth := &counter{}
		h := a.begin(fourth)
		a.cut()
		if a.end(h) || fourth.n.Load() != 1 || a.end(a.begin(fourth)) || fourth.n.Load() != 2 {
			t.Error("not all are cut")
		}
	})
}

func TestAGoroutineOfACrewWorksAgain(t *testing.T) {
	var all sync.WaitGroup
	var started atomic.Int32
	c := &crew{start: func(f func()) {
		started.Add(1)
		all.Go(f)
	}}
	for range 3 * mostIdle {
		did := make(chan struct{})
		c.do(func() { close(did) })
		<-did
		until(t, "it waits for more", func() bool {
			c.mu.Lock()
			defer c.mu.Unlock()
			return len(c.idle) == 1
		})
	}
	if n := started.Load(); n != 1 {
		t.Errorf("%d goroutines for one thing at a time", n)
	}
	hold := make(chan struct{})
	for range 2 * mostIdle {
		c.do(func() { <-hold })
	}
	close(hold)
	until(t, "few of many wait for more", func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return len(c.idle) == mostIdle
	})
	c.dismiss()
	did := false
	c.do(func() { did = true })
	all.Wait()
	if !did {
		t.Error("what comes late is not done")
	}
}

// terminate serves a name with a certificate.
func (r *rig) terminate(name string) {
	r.Helper()
	r.mount("c", name)
	r.publish(snapshot.Snapshot{
		Routes:       []*snapshot.Route{terminated(routeTo(name, ""), "c")},
		Certificates: []snapshot.Certificate{certificateOf("c")},
	})
	r.loaded()
}

// halfway returns a connection whose client waits with the handshake after its
// ClientHello was answered.
func halfway(t *testing.T, address, name string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	pipe, far := net.Pipe()
	go func() { _ = tls.Client(pipe, &tls.Config{ServerName: name}).HandshakeContext(t.Context()) }()
	t.Cleanup(func() { far.Close() })
	hello := make([]byte, 16<<10)
	n, err := far.Read(hello)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write(hello[:n]); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 100)); err != nil {
		t.Fatal("the ClientHello is not answered:", err)
	}
	return c
}

func TestAHandshakeThatStopsIsClosed(t *testing.T) {
	r := startRig(t, func(c *Config) { c.HandshakeTimeout = 100 * time.Millisecond })
	r.terminate("a.local")
	c := halfway(t, r.https, "a.local")
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error("it is not closed:", err)
	}
	until(t, "it leaves", func() bool { return r.plane.connections.Len() == 0 })
}

func TestTheDrainEndsHandshakes(t *testing.T) {
	r := startRig(t, func(c *Config) { c.DrainTimeout = 50 * time.Millisecond })
	r.terminate("a.local")
	c := halfway(t, r.https, "a.local")
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if _, err := io.Copy(io.Discard, c); err != nil {
		t.Error("it is not closed:", err)
	}
}
