package http2

import (
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"fairlead.dev/fairlead/dataplane/message"
)

// However streams end, nothing of the connection's is lost: places of streams,
// window, Handlers.
func TestNothingIsLostWhenStreamsEndAnyhow(t *testing.T) {
	a, b := pair(t)
	conn := NewConn(b, nil, &Config{MaxStreams: 50, Handler: anyhow})
	conn.limits.resets = -1 << 30 // these are too many, and meant to be
	done := make(chan error, 1)
	go func() { done <- conn.Serve() }()
	client, err := NewClient(a, &ClientConfig{MaxStreams: 40})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range 100 {
				askAnyhow(t, client)
			}
		})
	}
	wg.Wait()
	conn.Drain()
	<-client.Done()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if client.InUse() != 0 || conn.busy != 0 || conn.running != 0 || len(conn.streams) != 0 || len(client.streams)+len(conn.lingerers.all) != 0 {
		t.Errorf("in use %d, busy %d, running %d, streams %d and %d", client.InUse(), conn.busy, conn.running, len(conn.streams), len(client.streams))
	}
	for name, l := range map[string]*link{"server": &conn.link, "client": &client.link} {
		if r := l.received; r.left+r.used != r.size || len(l.queue) != 0 {
			t.Errorf("%s: window %+v, queue %d", name, r, len(l.queue))
		}
	}
}

// anyhow is a Handler that ends in one of all ways.
func anyhow(s *Stream) {
	if rand.IntN(4) == 0 {
		s.OnGone(func() {})
		defer s.OnGone(nil)
	}
	switch rand.IntN(6) {
	case 0:
		_ = s.WriteHead(200, nil, true)
	case 1:
		s.Reset(InternalError)
	case 2:
		_, _ = s.Read(make([]byte, 100))
		_ = s.WriteHead(200, nil, false)
		_, _ = s.WriteLast(make([]byte, rand.IntN(400000)))
	case 3:
	default:
		echo(s)
	}
}

func askAnyhow(t *testing.T, c *Client) {
	if !c.Take() {
		t.Error("no stream")
		return
	}
	s, err := c.Open(&message.Request{Method: "POST", Host: "a", Path: "/", Length: message.Unknown}, "http", false)
	if err != nil {
		t.Error(err)
		return
	}
	defer s.Close()
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() {
		for range rand.IntN(10) {
			if _, err := s.Write([]byte(strings.Repeat("x", rand.IntN(60000)))); err != nil {
				return
			}
		}
		_ = s.End(nil)
	})
	if rand.IntN(4) == 0 {
		wg.Go(s.Interrupt)
	}
	var res message.Response
	if s.ReadHead(&res) != nil || rand.IntN(4) == 0 {
		s.Interrupt()
		return
	}
	if _, err := io.CopyN(io.Discard, s, rand.Int64N(300000)); err == nil {
		s.Interrupt()
	}
}

func TestLargeFieldsAreContinued(t *testing.T) {
	want := strings.Repeat("0123456789", 4000)
	l := listen(t, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(200, s.Request().Fields, false)
		_ = s.End(s.Request().Fields)
	}})
	c := dialAddr(t, l.Addr())
	r := get("/")
	r.Fields.Add("x", want)
	s := open(t, c, r, true)
	defer s.Close()
	var res message.Response
	if err := s.ReadHead(&res); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(s); err != nil {
		t.Fatal(err)
	}
	if res.Fields.Get("x") != want || s.Trailers().Get("x") != want {
		t.Error("it is not what was sent")
	}
}
