package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// start serves the application on loopback and returns its base URL. The
// returned function stops it as SIGTERM does and returns what serve returned.
func start(t *testing.T, env map[string]string) (url string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	a := newApp(func(k string) string { return env[k] }, slog.New(slog.DiscardHandler))
	done := make(chan error, 1)
	go func() { done <- serve(ctx, l, a, options{grace: 10 * time.Second}) }()
	stop = func() error { cancel(); return <-done }
	t.Cleanup(cancel)
	return "http://" + l.Addr().String(), stop
}

func request(t *testing.T, method, url string, body io.Reader, headers ...string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return r
}

func do(t *testing.T, c *http.Client, r *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func TestPingAnswersAsTheDocumentsShow(t *testing.T) {
	url, _ := start(t, map[string]string{"METADATA": "blue"})
	resp, body := do(t, http.DefaultClient, request(t, "GET", url+"/ping", nil, "X-Request-Id", "abc"))
	host, _ := os.Hostname()
	want := `{"instance":"` + host + `","version":"0.1","metadata":"blue","request_id":"abc"}` + "\n"
	if body != want {
		t.Errorf("body %q, want %q", body, want)
	}
	if got := resp.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
		t.Errorf("Content-Type %q", got)
	}
	if !resp.Close {
		t.Error("the connection was kept")
	}
	cookie := resp.Header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "session=") || !strings.Contains(cookie, "Path=/") || !strings.Contains(cookie, "Max-Age=86400") {
		t.Errorf("Set-Cookie %q", cookie)
	}
}

func TestPingLeavesOutWhatIsEmptyAndRepeatsTheSession(t *testing.T) {
	url, _ := start(t, map[string]string{"VERSION": "2"})
	resp, body := do(t, http.DefaultClient, request(t, "GET", url+"/ping", nil, "Cookie", "session=77"))
	if got := resp.Header.Get("Set-Cookie"); got != "session=77" {
		t.Errorf("Set-Cookie %q", got)
	}
	if !strings.HasSuffix(body, `"version":"2"}`+"\n") {
		t.Errorf("body %q", body)
	}
}

func TestInfoCountsPingInfoAndPage(t *testing.T) {
	url, _ := start(t, map[string]string{"TITLE": "Fleet", "SHOW_VERSION": "1", "REFRESH_INTERVAL": "250"})
	do(t, http.DefaultClient, request(t, "GET", url+"/ping", nil))
	_, page := do(t, http.DefaultClient, request(t, "GET", url+"/any/path", nil))
	for _, want := range []string{"<title>Fleet</title>", "Version 0.1", "interval = 250"} {
		if !strings.Contains(strings.Join(strings.Fields(page), " "), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	_, body := do(t, http.DefaultClient, request(t, "GET", url+"/info", nil))
	var info struct {
		Hostname, Uptime string
		Requests         int
	}
	if err := json.Unmarshal([]byte(body), &info); err != nil || info.Requests != 3 {
		t.Errorf("info %q: %v", body, err)
	}
}

func TestStreamEndsAfterN(t *testing.T) {
	url, _ := start(t, nil)
	_, body := do(t, http.DefaultClient, request(t, "GET", url+"/stream?n=3&interval=1ms", nil))
	if got := strings.Count(body, "data: "); got != 3 {
		t.Errorf("%d events in %q", got, body)
	}
}

func TestStreamEndsWhenTheServerStops(t *testing.T) {
	url, stop := start(t, nil)
	resp, err := http.DefaultClient.Do(request(t, "GET", url+"/stream?interval=10ms", nil))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := stop(); err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestRequestsInFlightFinishWhenTheServerStops(t *testing.T) {
	url, stop := start(t, nil)
	body, upload := io.Pipe()
	go func() { _, _ = upload.Write([]byte("one ")) }()
	resp, err := http.DefaultClient.Do(request(t, "POST", url+"/echo", body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	first := make([]byte, 4)
	if _, err := io.ReadFull(resp.Body, first); err != nil {
		t.Fatal(err)
	}
	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	go func() {
		_, _ = upload.Write([]byte("two"))
		_ = upload.Close()
	}()
	rest, err := io.ReadAll(resp.Body)
	if got := string(first) + string(rest); err != nil || got != "one two" {
		t.Errorf("read %q: %v", got, err)
	}
	if err := <-stopped; err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestEchoAndTrailersOverHTTP2InTheClear(t *testing.T) {
	url, _ := start(t, nil)
	var protocols http.Protocols
	protocols.SetUnencryptedHTTP2(true)
	c := &http.Client{Transport: &http.Transport{Protocols: &protocols}}
	t.Cleanup(c.CloseIdleConnections)

	resp, body := do(t, c, request(t, "POST", url+"/echo", strings.NewReader("hello")))
	if body != "hello" || resp.ProtoMajor != 2 {
		t.Errorf("echo %q over %s", body, resp.Proto)
	}
	r := request(t, "POST", url+"/trailers", struct{ io.Reader }{strings.NewReader("hello")})
	r.Trailer = http.Header{"X-Sum": {"42"}}
	resp, body = do(t, c, r)
	if body != "hello" || resp.Trailer.Get("Grpc-Status") != "0" || resp.Trailer.Get("X-Body-Length") != "5" || resp.Trailer.Get("Echo-X-Sum") != "42" {
		t.Errorf("body %q, trailers %v", body, resp.Trailer)
	}
}

func TestWebSocketSendsBackWhatItGets(t *testing.T) {
	url, _ := start(t, nil)
	c, err := websocket.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws", "", "http://elsewhere.example")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write([]byte("ahoy")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 16)
	if n, err := c.Read(buf); err != nil || string(buf[:n]) != "ahoy" {
		t.Errorf("read %q: %v", buf[:n], err)
	}
}

func TestStatusAndHeaders(t *testing.T) {
	url, _ := start(t, nil)
	for path, want := range map[string]int{"/status/204": 204, "/status/503": 503, "/status/1": 400, "/slow?d=x": 400, "/stream?n=-1": 400} {
		if resp, _ := do(t, http.DefaultClient, request(t, "GET", url+path, nil)); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, resp.StatusCode, want)
		}
	}
	_, body := do(t, http.DefaultClient, request(t, "PUT", url+"/headers?a=1", nil, "X-One", "1"))
	var seen seenRequest
	if err := json.Unmarshal([]byte(body), &seen); err != nil {
		t.Fatal(err)
	}
	if seen.Method != "PUT" || seen.URI != "/headers?a=1" || seen.Headers.Get("X-One") != "1" || seen.TLS {
		t.Errorf("saw %+v", seen)
	}
}

func TestCheckSaysWhetherTheAnswerIs200(t *testing.T) {
	url, _ := start(t, nil)
	if err := run(t.Context(), []string{"--check", url + "/ping"}, io.Discard); err != nil {
		t.Error(err)
	}
	if err := run(t.Context(), []string{"--check", url + "/status/500"}, io.Discard); err == nil {
		t.Error("500 passed")
	}
}

func TestTLSOffersHTTP2(t *testing.T) {
	cert, key := writeCertificate(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	a := newApp(func(string) string { return "" }, slog.New(slog.DiscardHandler))
	go func() { _ = serve(ctx, l, a, options{cert: cert, key: key, grace: time.Second}) }()
	c := &http.Client{Transport: &http.Transport{
		ForceAttemptHTTP2: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true},
	}}
	t.Cleanup(c.CloseIdleConnections)
	resp, _ := do(t, c, request(t, "GET", "https://"+l.Addr().String()+"/headers", nil))
	if resp.ProtoMajor != 2 || resp.TLS.PeerCertificates[0].Subject.CommonName != "demo.local" {
		t.Errorf("%s, %s", resp.Proto, resp.TLS.PeerCertificates[0].Subject)
	}
}
