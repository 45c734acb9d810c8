package dataplane

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// websocketOrigin answers a hand-made upgrade and then echoes lines.
func websocketOrigin(w http.ResponseWriter, r *http.Request) {
	if !strings.EqualFold(r.Header.Get("Upgrade"), "websocket") {
		http.Error(w, "no upgrade", http.StatusBadRequest)
		return
	}
	c, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	fmt.Fprint(c, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nwelcome\n")
	echo(struct {
		io.Reader
		io.Writer
	}{rw.Reader, c})
	fmt.Fprintln(c, "goodbye")
}

// line is a connection that is spoken to in lines.
type line struct {
	net.Conn
	*bufio.Reader
}

func (l line) Read(p []byte) (int, error) { return l.Reader.Read(p) }

func (l line) expect(t testing.TB, want string) {
	t.Helper()
	got, err := l.ReadString('\n')
	if err != nil || strings.TrimRight(got, "\r\n") != want {
		t.Fatalf("%q %v, want %q", got, err, want)
	}
}

// upgrade opens a WebSocket to a.local over a connection.
func upgrade(t testing.TB, c net.Conn) line {
	t.Helper()
	_ = c.SetDeadline(time.Now().Add(2 * patience))
	fmt.Fprint(c, "GET /ws HTTP/1.1\r\nHost: a.local\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: k\r\n\r\n")
	l := line{c, bufio.NewReader(c)}
	res, err := http.ReadResponse(l.Reader, nil)
	if err != nil || res.StatusCode != 101 || res.Header.Get("Sec-Websocket-Accept") != "x" {
		t.Fatal(res, err)
	}
	l.expect(t, "welcome")
	return l
}

func TestWebSocket(t *testing.T) {
	r := startRig(t)
	r.mount("c", "a.local")
	s := oneRoute(t, websocketOrigin, func(rt *snapshot.Route) {
		rt.TLS, rt.InClear, rt.Certificates = snapshot.TLSTerminate, true, []string{"c"}
		rt.Rules[0].Request, rt.Rules[0].BackendRequest = time.Minute, time.Minute
	})
	s.Certificates = []snapshot.Certificate{certificateOf("c")}
	r.publish(s)
	r.loaded()
	for _, secure := range []bool{false, true} {
		var c net.Conn
		var err error
		if secure {
			c, err = tls.Dial("tcp", r.https, &tls.Config{ServerName: "a.local", InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
		} else {
			c, err = net.Dial("tcp", r.http)
		}
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		l := upgrade(t, c)
		for i := range 3 {
			fmt.Fprintf(c, "hello %d\n", i)
			l.expect(t, fmt.Sprint("hello ", i))
		}
		// The client ends its side, and still hears the other.
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			t.Fatal(err)
		}
		l.expect(t, "goodbye")
		if _, err := l.ReadByte(); err != io.EOF {
			t.Error(err)
		}
	}
	until(t, "both are logged", func() bool { return strings.Count(r.log.String(), `"status":101`) == 2 })
}

func TestTheUpgradeToH2CIsNotPassedOn(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, mirror))
	req := request(t, "GET", "http://a.local/", "")
	req.Header = http.Header{"Connection": {"Upgrade, HTTP2-Settings"}, "Upgrade": {"h2c"}, "Http2-Settings": {"AAMAAABkAAQAAP__"}}
	if got, _ := ask(t, r.client(), req); got.Header["Upgrade"] != nil || got.Header["Http2-Settings"] != nil || got.Header["Connection"] != nil {
		t.Error(got.Header)
	}
}

func TestEventsArriveOneByOne(t *testing.T) {
	r := startRig(t)
	next := make(chan string)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		if req.URL.Path == "/known" {
			w.Header().Set("Content-Length", "20")
		}
		w.(http.Flusher).Flush()
		for s := range next {
			if s == "" {
				return
			}
			fmt.Fprintln(w, s)
			w.(http.Flusher).Flush()
		}
	}))
	for _, c := range []*http.Client{r.client(), r.client(withH2C)} {
		for _, path := range []string{"/stream", "/known"} {
			var res *http.Response
			var err error
			if path == "/known" { // the head may come with the first bytes
				go func() { next <- "event 000" }()
			}
			if res, err = c.Get("http://a.local" + path); err != nil {
				t.Fatal(err)
			}
			if path == "/stream" {
				go func() { next <- "event 000" }()
			}
			l := line{nil, bufio.NewReader(res.Body)}
			l.expect(t, "event 000")
			next <- "event 001"
			l.expect(t, "event 001")
			next <- ""
			if _, err := l.ReadByte(); err != io.EOF {
				t.Error(err)
			}
			res.Body.Close()
		}
	}
}

// grpcOrigin answers each message with the same message, then trailers.
func grpcOrigin(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor != 2 || r.Header.Get("Te") != "trailers" {
		http.Error(w, "not gRPC", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	w.Header().Set("Trailer", "Grpc-Status")
	w.(http.Flusher).Flush()
	s := bufio.NewScanner(r.Body)
	for s.Scan() {
		fmt.Fprintln(w, s.Text())
		w.(http.Flusher).Flush()
	}
	w.Header().Set("Grpc-Status", "0")
	w.Header().Set(http.TrailerPrefix+"Grpc-Message", "all "+r.Trailer.Get("X-Count"))
}

func TestBidirectionalStreamsWithTrailersToH2C(t *testing.T) {
	r := startRig(t)
	r.mount("c", "a.local")
	rt := routeTo("a.local", "o")
	rt.TLS, rt.InClear, rt.Certificates = snapshot.TLSTerminate, true, []string{"c"}
	b := backendOf("o", h2cOrigin(t, grpcOrigin))
	b.Protocol = snapshot.H2C
	r.publish(snapshot.Snapshot{Routes: []*snapshot.Route{rt}, Backends: []snapshot.Backend{b}, Certificates: []snapshot.Certificate{certificateOf("c")}})
	r.loaded()
	for url, c := range map[string]*http.Client{"http://a.local/": r.client(withH2C), "https://a.local/": r.client(withHTTP2)} {
		out, in := io.Pipe()
		req, err := http.NewRequestWithContext(t.Context(), "POST", url, out)
		if err != nil {
			t.Fatal(err)
		}
		req.Header = http.Header{"Te": {"trailers"}, "Content-Type": {"application/grpc"}}
		req.Trailer = http.Header{"X-Count": nil}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		if res.StatusCode != 200 || res.ProtoMajor != 2 {
			t.Fatal(res.Status, res.Proto)
		}
		l := line{nil, bufio.NewReader(res.Body)}
		for i := range 3 {
			fmt.Fprintln(in, "message", i)
			l.expect(t, fmt.Sprint("message ", i))
		}
		req.Trailer.Set("X-Count", "3")
		in.Close()
		if _, err := l.ReadByte(); err != io.EOF {
			t.Error(err)
		}
		if res.Trailer.Get("Grpc-Status") != "0" || res.Trailer.Get("Grpc-Message") != "all 3" {
			t.Errorf("%s: trailers %v", url, res.Trailer)
		}
	}
}

func TestTrailersOverHTTP1(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		_, _ = io.Copy(io.Discard, req.Body)
		w.Header().Set("Trailer", "X-Sum")
		fmt.Fprint(w, "body")
		w.Header().Set("X-Sum", "of "+req.Trailer.Get("X-Count"))
	}))
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://a.local/", io.MultiReader(strings.NewReader("body")))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"X-Count": {"4"}}
	res, err := r.client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); string(b) != "body" || err != nil || res.Trailer.Get("X-Sum") != "of 4" {
		t.Errorf("%s %v %v", b, err, res.Trailer)
	}
}

func TestBothSidesSendAtOnceOverHTTP1(t *testing.T) {
	r := startRig(t)
	r.publish(oneRoute(t, func(w http.ResponseWriter, req *http.Request) {
		_ = http.NewResponseController(w).EnableFullDuplex()
		w.(http.Flusher).Flush()
		s := bufio.NewScanner(req.Body)
		for s.Scan() {
			fmt.Fprintln(w, s.Text())
			w.(http.Flusher).Flush()
		}
	}))
	out, in := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), "POST", "http://a.local/", out)
	if err != nil {
		t.Fatal(err)
	}
	res, err := r.client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	l := line{nil, bufio.NewReader(res.Body)}
	for range 3 {
		fmt.Fprintln(in, "hello")
		l.expect(t, "hello")
	}
	in.Close()
	if _, err := l.ReadByte(); err != io.EOF {
		t.Error(err)
	}
}
