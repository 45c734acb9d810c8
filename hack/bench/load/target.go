package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// Small is the path of a short answer, SmallBody its body.
const (
	Small     = "/small"
	SmallBody = "hello, bench"
)

// Target is what is asked of whom.
type Target struct {
	// Addr is the server's host:port, Host the name that is asked for, by SNI
	// too.
	Addr, Host string
	// Leaf is the certificate that is expected, in DER; nil means plain HTTP.
	Leaf []byte
	Path string
	// Size and Sum are those of the body.
	Size int64
	Sum  [sha256.Size]byte
}

// patience bounds one exchange.
const patience = 20 * time.Second

var errAnswer = errors.New("wrong answer")

// dial connects, with a handshake where the target has a certificate.
func (t *Target) dial(ctx context.Context) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", t.Addr)
	if err != nil {
		return nil, err
	}
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil || t.Leaf == nil {
		return c, err
	}
	// Fewer and larger reads than one a record disturb the servers less.
	secure := tls.Client(&peer{c, bufio.NewReaderSize(c, int(min(t.Size+4096, 512<<10)))}, t.tls())
	if err := secure.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return secure, nil
}

// tls is the configuration of a client that resumes nothing and offers X25519
// only, which all servers have, so that all compute the same.
func (t *Target) tls() *tls.Config {
	return &tls.Config{
		ServerName: t.Host, MinVersion: tls.VersionTLS13, SessionTicketsDisabled: true,
		CurvePreferences: []tls.CurveID{tls.X25519},
		// The certificate is compared instead, which costs the client less.
		InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			switch {
			case s.DidResume:
				return fmt.Errorf("%w: a resumed session", errAnswer)
			case len(s.PeerCertificates) == 0 || !bytes.Equal(s.PeerCertificates[0].Raw, t.Leaf):
				return fmt.Errorf("%w: another certificate than that of %s", errAnswer, t.Host)
			}
			return nil
		},
	}
}

// request is the request's bytes.
func (t *Target) request() []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", t.Path, t.Host)
}

// peer is a connection with the reader of its answers.
type peer struct {
	net.Conn
	in *bufio.Reader
}

// Read reads what has arrived.
func (p *peer) Read(b []byte) (int, error) { return p.in.Read(b) }

// newPeer returns one for answers of the target's size.
func (t *Target) newPeer(c net.Conn) *peer {
	return &peer{c, bufio.NewReaderSize(c, int(min(max(t.Size, 1<<10), 64<<10)))}
}

// get makes the request, and reads the answer with the body going to body. It
// checks all but the bytes of the body.
func (t *Target) get(p *peer, body io.Writer) (http.Header, error) {
	if _, err := p.Write(t.request()); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(p.in, nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("%w: %s", errAnswer, resp.Status)
	case resp.Header.Get("X-Origin") != "bench":
		return nil, fmt.Errorf("%w: not from the origin", errAnswer)
	case resp.ContentLength != t.Size:
		return nil, fmt.Errorf("%w: %d bytes instead of %d", errAnswer, resp.ContentLength, t.Size)
	}
	_, err = io.CopyBuffer(onlyWriter{body}, resp.Body, make([]byte, min(t.Size, 256<<10)))
	return resp.Header, err
}

// onlyWriter hides io.ReaderFrom, whose buffers are small.
type onlyWriter struct{ io.Writer }

// Verify makes the request once and checks status, header and every byte of the
// body.
func (t *Target) Verify(ctx context.Context) error {
	if err := t.verify(ctx); err != nil {
		return fmt.Errorf("GET %s of %s at %s: %w", t.Path, t.Host, t.Addr, err)
	}
	return nil
}

func (t *Target) verify(ctx context.Context) error {
	c, err := t.dial(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	sum := sha256.New()
	if _, err := t.get(t.newPeer(c), sum); err != nil {
		return err
	}
	if [sha256.Size]byte(sum.Sum(nil)) != t.Sum {
		return fmt.Errorf("%w: another body", errAnswer)
	}
	return nil
}

// VerifyForwarding checks with the origin's /check what a request through a
// server carries: the Host, X-Forwarded-For and X-Forwarded-Proto; and that
// connections to the origin are used again.
func (t *Target) VerifyForwarding(ctx context.Context) error {
	check := *t
	check.Path, check.Size = "/check", int64(len("checked"))
	scheme := "http"
	if t.Leaf != nil {
		scheme = "https"
	}
	for range 20 {
		header, err := check.header(ctx)
		if err != nil {
			return fmt.Errorf("check of %s at %s: %w", t.Host, t.Addr, err)
		}
		for name, want := range map[string]string{"X-Seen-Host": t.Host, "X-Seen-For": "127.0.0.1", "X-Seen-Proto": scheme} {
			if got := header.Get(name); got != want {
				return fmt.Errorf("%w: %s at %s: %s is %q, not %q", errAnswer, t.Host, t.Addr, name, got, want)
			}
		}
		if header.Get("X-Seen-Requests") != "1" {
			return nil
		}
	}
	return fmt.Errorf("%w: %s opens a connection to the origin for each request", errAnswer, t.Addr)
}

func (t *Target) header(ctx context.Context) (http.Header, error) {
	c, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return t.get(t.newPeer(c), io.Discard)
}
