package pebble

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// newOrder is the path of Pebble at which certificates are ordered.
const newOrder = "/order-plz"

// Refusal is what the authority says instead of doing what it is asked for.
type Refusal struct {
	// Path is the start of the paths that are refused; "" is that of new orders. The
	// others are Pebble's own: "/dir", "/sign-me-up", "/authZ/", "/chalZ/".
	Path string
	// Status, Type (without the prefix) and Detail are the problem, RetryAfter its
	// header where it is not 0.
	Status     int
	Type       string
	Detail     string
	RetryAfter time.Duration
	// Silent: nothing is said for as long as who asks waits.
	Silent bool
}

// front stands before Pebble.
type front struct {
	pebble *httputil.ReverseProxy

	mu      sync.Mutex // guards following
	refusal *Refusal
	orders  int
	open    map[net.Conn]bool
}

// startFront returns where it listens.
func startFront(t testing.TB, place Place, address string, pebble string, pair tls.Certificate) (*front, string) {
	t.Helper()
	listener, err := place.Listen("tcp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	to := &http.Transport{
		DialContext:     place.Dial,
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, // the Pebble that we started
	}
	silent := log.New(io.Discard, "", 0)
	f := &front{open: map[net.Conn]bool{}, pebble: &httputil.ReverseProxy{
		Transport: to, ErrorLog: silent,
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(&url.URL{Scheme: "https", Host: pebble})
			r.Out.Host = r.In.Host // Pebble makes its URLs with it
		},
	}}
	server := &http.Server{
		Handler: f, ErrorLog: silent, ReadHeaderTimeout: 10 * time.Second, ConnState: f.note,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12},
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.ServeTLS(listener, "", "")
	}()
	t.Cleanup(func() {
		f.refuse(nil)
		server.Close()
		<-ended
		to.CloseIdleConnections()
	})
	return f, listener.Addr().String()
}

func (f *front) refuse(r *Refusal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.refusal = r
}

func (f *front) note(c net.Conn, now http.ConnState) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now == http.StateClosed || now == http.StateHijacked {
		delete(f.open, c)
	} else {
		f.open[c] = true
	}
}

// ServeHTTP refuses, or asks Pebble.
func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	if r.URL.Path == newOrder {
		f.orders++
	}
	no := f.refusal
	f.mu.Unlock()
	if no == nil || !no.refuses(r.URL.Path) {
		f.pebble.ServeHTTP(w, r)
		return
	}
	if no.Silent {
		waitFor(r.Context())
		return
	}
	if no.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(no.RetryAfter/time.Second)))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(no.Status)
	fmt.Fprintf(w, `{"type":"urn:ietf:params:acme:error:%s","detail":%q,"status":%d}`, no.Type, no.Detail, no.Status)
}

func waitFor(ctx context.Context) { <-ctx.Done() }

func (r *Refusal) refuses(path string) bool {
	if r.Path == "" {
		return path == newOrder
	}
	return strings.HasPrefix(path, r.Path)
}
