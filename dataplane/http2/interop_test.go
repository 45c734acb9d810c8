package http2

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/dataplane/message"
)

// echo answers with what it was asked, and its trailers.
func echo(s *Stream) {
	r := s.Request()
	f := message.Fields{
		{Name: "X-Method", Value: r.Method}, {Name: "X-Host", Value: r.Host}, {Name: "X-Path", Value: r.Path + "?" + r.Query},
		{Name: "X-Length", Value: fmt.Sprint(r.Length)}, {Name: "X-Cookie", Value: r.Fields.Get("cookie")},
	}
	if s.WriteHead(200, f, false) != nil {
		return
	}
	buf := make([]byte, 10000)
	for {
		n, err := s.Read(buf)
		if n > 0 {
			if _, err := s.Write(buf[:n]); err != nil {
				return
			}
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			s.Reset(Cancel)
			return
		}
	}
	_ = s.End(s.Trailers())
}

// clear2 returns a net/http client that speaks HTTP/2 in the clear.
func clear2(t testing.TB) *http.Client {
	tr := &http.Transport{Protocols: &http.Protocols{}}
	tr.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func TestNetHTTPsClientIsServed(t *testing.T) {
	l := listen(t, &Config{Handler: echo})
	client := clear2(t)
	big := strings.Repeat("0123456789abcdef", 10<<20/16)
	for name, body := range map[string]string{"none": "", "small": "hello", "10 MiB": big} {
		t.Run(name, func(t *testing.T) {
			req, _ := http.NewRequest("POST", "http://"+l.Addr().String()+"/a%20b?c=d", strings.NewReader(body))
			req.Header.Set("Cookie", "a=b; c=d; e=f")
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			got, err := io.ReadAll(res.Body)
			if err != nil || string(got) != body {
				t.Errorf("%d bytes of %d came back: %v", len(got), len(body), err)
			}
			for name, want := range map[string]string{"Method": "POST", "Host": l.Addr().String(), "Path": "/a%20b?c=d", "Length": fmt.Sprint(len(body)), "Cookie": "a=b; c=d; e=f"} {
				if got := res.Header.Get("X-" + name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestTrailersGoBothWaysWithNetHTTPsClient(t *testing.T) {
	l := listen(t, &Config{Handler: echo})
	req, _ := http.NewRequest("POST", "http://"+l.Addr().String()+"/", io.MultiReader(strings.NewReader("x")))
	req.Trailer = http.Header{"X-Sum": {"42"}}
	res, err := clear2(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		t.Fatal(err)
	}
	if res.Trailer.Get("X-Sum") != "42" || res.Header.Get("X-Length") != "-1" {
		t.Errorf("trailers %v, header %v", res.Trailer, res.Header)
	}
}

func TestThousandStreamsOfNetHTTPsClientAreServed(t *testing.T) {
	l := listen(t, &Config{Handler: echo})
	client := clear2(t)
	var wg sync.WaitGroup
	for i := range 1000 {
		wg.Go(func() {
			body := strings.Repeat(fmt.Sprint(i), 3000)
			res, err := client.Post("http://"+l.Addr().String()+"/", "", strings.NewReader(body))
			if err != nil {
				t.Error(err)
				return
			}
			defer res.Body.Close()
			if got, err := io.ReadAll(res.Body); err != nil || string(got) != body {
				t.Errorf("stream %d: %d bytes, %v", i, len(got), err)
			}
		})
	}
	wg.Wait()
}

func TestInterimHeadsReachNetHTTPsClient(t *testing.T) {
	l := listen(t, &Config{Handler: func(s *Stream) {
		_ = s.WriteHead(103, message.Fields{{Name: "Link", Value: "</a>"}}, false)
		if s.Request().ExpectContinue {
			_ = s.WriteHead(100, nil, false)
		}
		_, _ = io.Copy(io.Discard, s)
		_ = s.WriteHead(204, nil, true)
	}})
	var hints []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		hints = append(hints, fmt.Sprint(code, h.Get("Link")))
		return nil
	}}
	req, _ := http.NewRequestWithContext(httptrace.WithClientTrace(t.Context(), trace), "POST", "http://"+l.Addr().String()+"/", strings.NewReader("x"))
	req.Header.Set("Expect", "100-continue")
	res, err := clear2(t).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != 204 || !cmp.Equal(hints, []string{"103</a>", "100"}) {
		t.Errorf("status %d, before it %q", res.StatusCode, hints)
	}
}

func TestHandlerLearnsThatTheClientIsGone(t *testing.T) {
	started, gone := make(chan struct{}), make(chan struct{})
	failed := make(chan error, 1)
	l := listen(t, &Config{Handler: func(s *Stream) {
		s.OnGone(func() { close(gone) })
		close(started)
		<-gone
		failed <- s.WriteHead(200, nil, true)
	}})
	ctx, cancel := context.WithCancel(t.Context())
	req, _ := http.NewRequestWithContext(ctx, "GET", "http://"+l.Addr().String()+"/", nil)
	go func() { <-started; cancel() }()
	if res, err := clear2(t).Do(req); err == nil {
		res.Body.Close()
		t.Error("there was an answer")
	}
	<-gone
	var e *Error
	if err := <-failed; !errors.As(err, &e) || e.Code != Cancel || !e.Remote {
		t.Errorf("a late answer: %v", err)
	}
}

func TestOverTLS(t *testing.T) {
	certificates := httptest.NewUnstartedServer(nil)
	certificates.EnableHTTP2 = true
	certificates.StartTLS()
	defer certificates.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates.TLS.Certificates, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	done := make(chan error)
	go func() {
		c, err := l.Accept()
		if err == nil {
			err = NewConn(c, nil, &Config{Handler: echo}).Serve()
		}
		done <- err
	}()
	client := certificates.Client()
	body := strings.Repeat("x", 1<<20)
	res, err := client.Post("https://"+l.Addr().String(), "", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(res.Body)
	res.Body.Close()
	if err != nil || string(got) != body || res.ProtoMajor != 2 {
		t.Errorf("%d bytes, %v, %s", len(got), err, res.Proto)
	}
	client.CloseIdleConnections()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// dial returns a Client of a net/http server that speaks HTTP/2 in the clear.
func dial(t testing.TB, h http.HandlerFunc) (*Client, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(h)
	server.Config.Protocols = &http.Protocols{}
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return dialAddr(t, server.Listener.Addr()), server
}

func dialAddr(t testing.TB, a net.Addr) *Client {
	t.Helper()
	conn, err := net.Dial("tcp", a.String())
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(conn, &ClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close(); <-c.Done() })
	return c
}

// open opens a stream, or fails the test.
func open(t testing.TB, c *Client, r *message.Request, end bool) *ClientStream {
	t.Helper()
	if !c.Take() {
		t.Fatal("the connection takes no stream")
	}
	s, err := c.Open(r, "http", end)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func get(path string) *message.Request {
	return &message.Request{Method: "GET", Host: "example.com", Path: path}
}

func TestNetHTTPsServerServesUs(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16)
	c, _ := dial(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Seen", r.Method+" "+r.Host+" "+r.URL.String()+" "+fmt.Sprint(r.ContentLength)+" "+r.Header.Get("A"))
		w.Header().Set("Trailer", "X-Sum")
		_ = http.NewResponseController(w).EnableFullDuplex()
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("X-Sum", r.Trailer.Get("X-Of"))
	})
	s := open(t, c, &message.Request{
		Method: "POST", Host: "example.com", Path: "/a", Query: "b", HasQuery: true, Length: message.Unknown,
		Fields: message.Fields{{Name: "A", Value: "1"}, {Name: "Trailer", Value: "X-Of"}, {Name: "Connection", Value: "x"}},
	}, false)
	defer s.Close()
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Write(big); err != nil {
			t.Error(err)
		}
		if err := s.End(message.Fields{{Name: "X-Of", Value: "7"}}); err != nil {
			t.Error(err)
		}
	})
	var res message.Response
	if err := s.ReadHead(&res); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(s)
	wg.Wait()
	if err != nil || !bytes.Equal(got, big) || res.Status != 200 || res.Length != message.Unknown {
		t.Errorf("%d bytes, %v, %+v", len(got), err, res)
	}
	if seen := res.Fields.Get("X-Seen"); seen != "POST example.com /a?b -1 1" {
		t.Errorf("it saw %q", seen)
	}
	if sum := s.Trailers().Get("x-sum"); sum != "7" {
		t.Errorf("trailer %q", sum)
	}
}

func TestManyStreamsOfOneClient(t *testing.T) {
	c, _ := dial(t, func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })
	var wg sync.WaitGroup
	places := make(chan struct{}, 90)
	for i := range 1000 {
		places <- struct{}{}
		wg.Go(func() {
			defer func() { <-places }()
			if !c.Take() {
				t.Error("no stream")
				return
			}
			s, err := c.Open(get(fmt.Sprint("/", i)), "http", true)
			if err != nil {
				t.Error(err)
				return
			}
			defer s.Close()
			var res message.Response
			if err := s.ReadHead(&res); err != nil {
				t.Error(err)
			}
			if b, err := io.ReadAll(s); err != nil || string(b) != fmt.Sprint("/", i) || res.Length != int64(len(b)) {
				t.Errorf("%q %v %+v", b, err, res)
			}
		})
	}
	wg.Wait()
	if !c.Idle() {
		t.Errorf("%d streams are left", c.InUse())
	}
}

func TestHeadsOfAnswers(t *testing.T) {
	c, _ := dial(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/hints":
			w.Header().Set("Link", "</a>")
			w.WriteHeader(103)
			w.WriteHeader(200)
		case "/304":
			w.Header().Set("Content-Length", "9")
			w.WriteHeader(304)
		case "/204":
			w.WriteHeader(204)
		default:
			w.Header().Set("Content-Length", "5")
		}
	})
	for _, test := range []struct {
		method, path string
		want         []string
	}{
		{"GET", "/hints", []string{"103 0 ", "200 0 "}},
		{"HEAD", "/", []string{"200 0 5"}},
		{"GET", "/304", []string{"304 0 9"}},
		{"GET", "/204", []string{"204 0 "}},
	} {
		r := get(test.path)
		r.Method = test.method
		s := open(t, c, r, true)
		var got []string
		var res message.Response
		for res.Status < 200 {
			if err := s.ReadHead(&res); err != nil {
				t.Fatal(err)
			}
			got = append(got, fmt.Sprint(res.Status, res.Length, " ", res.Fields.Get("Content-Length")))
		}
		if b, err := io.ReadAll(s); len(b) != 0 || err != nil {
			t.Errorf("%s %s: %q, %v", test.method, test.path, b, err)
		}
		s.Close()
		if d := cmp.Diff(test.want, got); d != "" {
			t.Errorf("%s %s: %s", test.method, test.path, d)
		}
	}
}

func TestInterruptEndsWhatWaits(t *testing.T) {
	gone := make(chan struct{})
	c, _ := dial(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done(); close(gone) })
	s := open(t, c, get("/"), true)
	defer s.Close()
	go s.Interrupt()
	if err := s.ReadHead(&message.Response{}); err != ErrInterrupted {
		t.Error(err)
	}
	if _, err := s.Read(make([]byte, 1)); err != ErrInterrupted {
		t.Error(err)
	}
	if c.Done() == nil || c.InUse() != 1 {
		t.Error("the slot is gone")
	}
	select {
	case <-gone:
	case <-t.Context().Done():
	}
}

func TestClientLeavesWithGoAway(t *testing.T) {
	started, release := make(chan struct{}), make(chan struct{})
	c, server := dial(t, func(w http.ResponseWriter, r *http.Request) { close(started); <-release })
	s := open(t, c, get("/"), true)
	defer s.Close()
	<-started
	down := make(chan error)
	go func() { down <- server.Config.Shutdown(context.Background()) }()
	for c.Take() {
		c.mu.Lock()
		c.give()
		c.mu.Unlock()
	}
	close(release)
	if err := s.ReadHead(&message.Response{}); err != nil {
		t.Error(err)
	}
	s.Close()
	<-c.Done()
	if err := <-down; err != nil {
		t.Error(err)
	}
}
