package dataplane

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// TestSwapsUnderLoad publishes again and again, with Endpoints that come and go,
// while requests, a stream, a WebSocket and a passthrough connection run.
func TestSwapsUnderLoad(t *testing.T) {
	r := startRig(t)
	r.mount("c", "t.local")
	servers := []*httptest.Server{origin(t, "0", nil), origin(t, "1", nil), origin(t, "2", nil)}
	stream := make(chan string)
	lasting := origin(t, "", func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/ws" {
			websocketOrigin(w, req)
			return
		}
		w.(http.Flusher).Flush()
		for s := range stream {
			fmt.Fprintln(w, s)
			w.(http.Flusher).Flush()
		}
	})
	pass := passthroughTo("p.local", tlsOrigin(t, "own").Addr().String())
	publish := func(i int) {
		b := backendOf("b", servers...)
		b.Endpoints = append(b.Endpoints[:i%3:i%3], b.Endpoints[i%3+1:]...)
		s := snapshot.Snapshot{
			Routes:       []*snapshot.Route{routeTo("l.local", "b"), terminated(routeTo("t.local", "b"), "c"), routeTo(fmt.Sprintf("new%d.local", i), "b")},
			Backends:     []snapshot.Backend{b},
			Certificates: []snapshot.Certificate{certificateOf("c")},
		}
		if i == 0 { // what lasts loses its Routes at the next publish
			s.Routes = append(s.Routes, routeTo("a.local", "lasting"), pass.Routes[0])
			s.Backends = append(s.Backends, backendOf("lasting", lasting), pass.Backends[0])
		}
		r.publish(s)
	}
	publish(0)
	r.loaded()
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ws := upgrade(t, c)
	through, _ := dialTLS(t, r.https, "p.local")
	res, err := r.client().Get("http://a.local/stream")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	events := line{nil, bufio.NewReader(res.Body)}

	stop, sent := make(chan struct{}), new(atomic.Int64)
	var load sync.WaitGroup
	for i, url := range []string{"http://l.local/", "https://t.local/", "https://t.local/", "http://l.local/"} {
		client := r.client()
		if i >= 2 {
			client = r.client(map[bool]func(*http.Transport){true: withHTTP2, false: withH2C}[i == 2])
		}
		load.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				res, err := client.Post(url, "text/plain", strings.NewReader("body"))
				if err != nil {
					t.Error(err)
					return
				}
				_, err = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				if res.StatusCode != 200 || err != nil {
					t.Error(url, res.StatusCode, err)
					return
				}
				sent.Add(1)
			}
		})
	}
	for i := 1; i <= 200 && !t.Failed(); i++ {
		before := sent.Load()
		publish(i)
		if i%20 == 0 {
			for name, l := range map[string]io.Writer{"websocket": ws, "passthrough": through} {
				fmt.Fprintln(l, name, i)
			}
			ws.expect(t, fmt.Sprint("websocket ", i))
			through.expect(t, fmt.Sprint("passthrough ", i))
			stream <- fmt.Sprint("event ", i)
			events.expect(t, fmt.Sprint("event ", i))
		}
		until(t, "requests go on", func() bool { return sent.Load() >= before+4 || t.Failed() })
	}
	close(stop)
	load.Wait()
	close(stream)
	t.Log(sent.Load(), "requests")
}

func TestARemovedEndpointFinishesWhatItHasAndLosesItsConnections(t *testing.T) {
	r := startRig(t)
	began, release := make(chan struct{}), make(chan struct{})
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/slow" {
			close(began)
			<-release
		}
		fmt.Fprint(w, "old")
	}))
	var open atomic.Int64
	old.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	old.Start()
	defer old.Close()
	s := oneRoute(t, nil)
	s.Backends[0] = backendOf("o", old)
	r.publish(s)
	c := r.client()
	get(t, c, "http://a.local/") // leaves an idle connection
	slow := make(chan string)
	go func() {
		res, err := c.Get("http://a.local/slow")
		if err != nil {
			slow <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		slow <- string(b)
	}()
	<-began
	kept := r.plane.World().Backend("o")

	s.Backends = []snapshot.Backend{backendOf("o", origin(t, "new", nil))}
	s.Backends[0].Endpoints[0].ID = "new"
	r.publish(s)
	if r.plane.World().Backend("o") != kept {
		t.Error("the Backend was not kept")
	}
	for range 5 {
		if _, body := get(t, c, "http://a.local/"); body != "new" {
			t.Error("the removed Endpoint got a new request:", body)
		}
	}
	close(release)
	if got := <-slow; got != "old" {
		t.Error("what was under way did not finish:", got)
	}
	until(t, "all connections to the removed Endpoint are closed", func() bool { return open.Load() == 0 })
}

func TestShutdownLetsRequestsFinish(t *testing.T) {
	r := startRig(t)
	began := make(chan struct{})
	release := make(chan struct{})
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		close(began)
		<-release
		fmt.Fprint(w, "done")
	}))
	got := make(chan string)
	go func() {
		res, err := r.client().Get("http://a.local/")
		if err != nil {
			got <- err.Error()
			return
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		got <- string(b)
	}()
	<-began
	stopped := make(chan error)
	go func() { stopped <- r.stop() }()
	until(t, "nothing new is accepted", func() bool {
		c, err := net.DialTimeout("tcp", r.http, time.Second)
		if err == nil {
			c.Close()
		}
		return err != nil
	})
	close(release)
	if s := <-got; s != "done" {
		t.Error(s)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
