package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// most is how many bytes of an answer are read: the longest are chains.
const most = 1 << 20

// wire is a client's transport. It answers the library's question for the
// directory, bounds what is read, and remembers when the authority wants to be
// asked again after it said no, which the library does not tell.
type wire struct {
	next      *http.Transport
	directory []byte
	fragment  string

	mu    sync.Mutex // guards following
	after time.Time
}

func newWire(roots *x509.CertPool) *wire {
	dialer := net.Dialer{Timeout: 10 * time.Second}
	return &wire{next: &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: answerTime,
	}}
}

// RoundTrip sends a request.
func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	if w.fragment != "" && r.URL.Fragment == w.fragment {
		return &http.Response{
			StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(w.directory)),
		}, nil
	}
	answer, err := w.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode >= http.StatusBadRequest {
		w.mu.Lock()
		w.after = retryAfter(answer.Header.Get("Retry-After"), time.Now())
		w.mu.Unlock()
	}
	answer.Body = &bounded{answer.Body, most}
	return answer, nil
}

// retryAfter is that of the last no.
func (w *wire) retryAfter() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.after
}

// retryAfter reads a Retry-After (RFC 9110 section 10.2.3); zero is none.
func retryAfter(value string, now time.Time) time.Time {
	if n, err := strconv.Atoi(value); err == nil && n >= 0 {
		return now.Add(time.Duration(n) * time.Second)
	}
	t, _ := http.ParseTime(value)
	return t
}

var errTooLong = errors.New("it answers with more than a megabyte")

// bounded is a body that fails beyond a bound.
type bounded struct {
	io.ReadCloser
	left int
}

// Read reads.
func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= n; b.left < 0 {
		return 0, errTooLong
	}
	return n, err
}

// quiet makes all that is said to it debug's: what matters comes back as an error.
func quiet(log *slog.Logger) *slog.Logger { return slog.New(quieter{log.Handler()}) }

type quieter struct{ next slog.Handler }

func (q quieter) Enabled(ctx context.Context, _ slog.Level) bool {
	return q.next.Enabled(ctx, slog.LevelDebug)
}

func (q quieter) Handle(ctx context.Context, r slog.Record) error {
	r.Level = slog.LevelDebug
	return q.next.Handle(ctx, r)
}

func (q quieter) WithAttrs(attrs []slog.Attr) slog.Handler { return quieter{q.next.WithAttrs(attrs)} }
func (q quieter) WithGroup(name string) slog.Handler       { return quieter{q.next.WithGroup(name)} }
