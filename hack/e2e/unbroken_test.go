package e2e

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/websocket"

	"fairlead.dev/fairlead/hack/rig"
)

// alive is a connection that must not break.
type alive struct {
	what  string
	beats atomic.Int64
	err   atomic.Pointer[error]
	close func()
}

func (a *alive) fail(err error) { a.err.CompareAndSwap(nil, &err) }

// check says that the connection carried something since it was last asked.
func (a *alive) check(t *testing.T, after string) {
	t.Helper()
	seen := a.beats.Load()
	rig.Eventually(t, 20*time.Second, a.what+" goes on after "+after, func() error {
		if err := a.err.Load(); err != nil {
			return *err
		}
		if a.beats.Load() < seen+2 {
			return fmt.Errorf("%d beats", a.beats.Load()-seen)
		}
		return nil
	})
}

// holdStream reads an endless stream of server-sent events.
func holdStream(t *testing.T, c *client) *alive {
	a := &alive{what: "the stream"}
	c.Timeout = 0
	resp, err := c.Get(c.base + "/stream?interval=100ms&n=100000")
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("stream: %v %v", resp, err)
	}
	a.close = func() { resp.Body.Close() }
	go func() {
		lines := bufio.NewScanner(resp.Body)
		for lines.Scan() {
			a.beats.Add(1)
		}
		a.fail(fmt.Errorf("the stream ended: %v", lines.Err()))
	}()
	t.Cleanup(a.close)
	return a
}

// holdEcho sends something every 100 ms and wants it back.
func holdEcho(t *testing.T, what string, c io.ReadWriteCloser, beat func() error) *alive {
	a := &alive{what: what, close: func() { c.Close() }}
	go func() {
		for a.err.Load() == nil {
			if err := beat(); err != nil {
				a.fail(err)
				return
			}
			a.beats.Add(1)
			time.Sleep(100 * time.Millisecond)
		}
	}()
	t.Cleanup(a.close)
	return a
}

func holdWebSocket(t *testing.T, o *operator, host string) *alive {
	raw, err := o.rig.Fabric.Dial(t.Context(), "tcp", o.node.Addr+":"+o.ports().https)
	if err != nil {
		t.Fatal(err)
	}
	return holdWebSocketOn(t, tls.Client(raw, &tls.Config{ServerName: host, InsecureSkipVerify: true}), "wss://"+host)
}

// holdWebSocketOn keeps a WebSocket to base on a connection busy.
func holdWebSocketOn(t *testing.T, c net.Conn, base string) *alive {
	config, err := websocket.NewConfig(base+"/ws", "https://somewhere.local")
	if err != nil {
		t.Fatal(err)
	}
	ws, err := websocket.NewClient(config, c)
	if err != nil {
		t.Fatal(err)
	}
	return holdEcho(t, "the WebSocket", ws, func() error {
		if err := websocket.Message.Send(ws, "ping"); err != nil {
			return err
		}
		var got string
		if err := websocket.Message.Receive(ws, &got); err != nil || got != "ping" {
			return fmt.Errorf("got %q, %v", got, err)
		}
		return nil
	})
}

// holdPassthrough keeps one HTTP/1.1 connection to the application busy.
func holdPassthrough(t *testing.T, o *operator, host string) *alive {
	raw, err := o.rig.Fabric.Dial(t.Context(), "tcp", o.node.Addr+":8443")
	if err != nil {
		t.Fatal(err)
	}
	c := tls.Client(raw, &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	answers := bufio.NewReader(c)
	return holdEcho(t, "the passthrough connection", c, func() error { return roundTrip(c, answers, host) })
}

func roundTrip(c net.Conn, answers *bufio.Reader, host string) error {
	if _, err := fmt.Fprintf(c, "POST /echo HTTP/1.1\r\nHost: %s\r\nContent-Length: 4\r\n\r\nping", host); err != nil {
		return err
	}
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if body, err := io.ReadAll(resp.Body); err != nil || string(body) != "ping" {
		return fmt.Errorf("%s: %q, %v", resp.Status, body, err)
	}
	return nil
}

func TestConnectionsOutliveEveryChange(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	api := r.Node(0).APIProxy(t)
	o := start(t, r, 0, "--host", api.Host())
	createSecrets(t, r.Node(0), "demo.local.cert", "demo.local.key", newPair(t, "demo.local", "demo.local"))
	createSecrets(t, r.Node(0), "app.cert", "app.key", newPair(t, "app.local", "app.local"))
	demoService(t, r, "demo", 1, "demo")
	demoService(t, r, "app", 1, "demo",
		"--secret", "source=app.cert,target=/run/secrets/cert.pem", "--secret", "source=app.key,target=/run/secrets/key.pem",
		"--", "--tls-cert=/run/secrets/cert.pem", "--tls-key=/run/secrets/key.pem")
	o.apply(t, terminate("demo", "demo.local", "demo.local.cert", "demo.local.key"))
	o.apply(t, passthrough("app", "app.local", "app"))
	until200(t, o.web("https", "demo.local"), "/ping")
	until200(t, o.web("https", "app.local"), "/ping")
	pid := o.command.Process.Pid
	held := []*alive{
		holdStream(t, o.web("https", "demo.local")),
		holdWebSocket(t, o, "demo.local"),
		holdPassthrough(t, o, "app.local"),
	}
	check := func(after string) {
		t.Helper()
		for _, a := range held {
			a.check(t, after)
		}
		if o.isEnded() || o.command.Process.Pid != pid {
			t.Fatalf("the process is another after %s", after)
		}
	}
	check("nothing")

	demoService(t, r, "other", 1, "othernet")
	createSecrets(t, r.Node(0), "other.cert", "other.key", newPair(t, "other.local", "other.local"))
	o.apply(t, strings.ReplaceAll(terminate("other", "other.local", "other.cert", "other.key"), "service: demo", "service: other"))
	until200(t, o.web("https", "other.local"), "/ping")
	check("a new Route on a new network with new secrets")

	createSecrets(t, r.Node(0), "demo.local.cert.2", "demo.local.key.2", newPair(t, "renewed", "demo.local"))
	o.apply(t, terminate("demo", "demo.local", "demo.local.cert.2", "demo.local.key.2"))
	rig.Eventually(t, 20*time.Second, "the new certificate is served", func() error {
		c := o.web("https", "demo.local")
		defer c.CloseIdleConnections()
		resp, _, err := c.get("/ping")
		if err == nil && resp.TLS.PeerCertificates[0].Subject.CommonName != "renewed" {
			err = errNotYet
		}
		return err
	})
	check("a changed certificate")

	o.must(t, "", "delete", "route", "other")
	rig.Eventually(t, 20*time.Second, "the other Route is gone", func() error {
		if err := o.web("https", "other.local").ok("/ping"); err == nil {
			return errNotYet
		}
		return nil
	})
	check("the removal of another Route")

	api.TakeAway()
	time.Sleep(2 * time.Second)
	check("the Docker API went away")
	api.Restore(t)
	o.apply(t, plain("third", "third.local", "demo"))
	until200(t, o.web("http", "third.local"), "/ping")
	check("the Docker API came back")
}
