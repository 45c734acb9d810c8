package dataplane

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

// BenchmarkReEncrypted is BenchmarkExchange of a client in the clear and an origin
// over TLS, of which crypto/tls allocates on both ends.
func BenchmarkReEncrypted(b *testing.B) {
	a := newAuthority(b)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{a.leaf()}})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go answerAll(l, "HTTP/1.1 200 OK\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello")
	cfg := Config{HTTPListener: listenLocal(b), HTTPSListener: listenLocal(b), Secrets: &fakeSecrets{bytes: map[string][]byte{"ca": a.pem()}, asked: map[string]int{}}}
	address := cfg.HTTPListener.Addr().String()
	p, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() { _ = p.Run(ctx) }()
	s := toAddress(l.Addr().String())
	s.Backends[0].Protocol, s.Backends[0].TLS = snapshot.HTTPS, &snapshot.BackendTLS{Hostname: "api.internal", Authorities: []string{"ca"}}
	s.Certificates = []snapshot.Certificate{{ID: "ca", Name: "ca", CertSecret: "ca"}}
	if err := p.Publish(ctx, s.Seal()); err != nil {
		b.Fatal(err)
	}
	c, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	request, buf := []byte("GET / HTTP/1.1\r\nHost: a.local\r\n\r\n"), make([]byte, 4096)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := c.Write(request); err != nil {
			b.Fatal(err)
		}
		if n, err := c.Read(buf); err != nil || !bytes.HasSuffix(buf[:n], []byte("hello")) {
			b.Fatal(err, string(buf[:n]))
		}
	}
}
