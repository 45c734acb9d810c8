package dataplane

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

// echoOrigin answers every request, whatever it is, and allocates nothing for it.
func echoOrigin(b *testing.B, answer string) string {
	l := listenLocal(b)
	b.Cleanup(func() { l.Close() })
	go answerAll(l, answer)
	return l.Addr().String()
}

// answerAll answers what comes to l until it is closed.
func answerAll(l net.Listener, answer string) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			buf, out := make([]byte, 4096), []byte(answer)
			for {
				if n, err := c.Read(buf); err != nil || !bytes.HasSuffix(buf[:n], []byte("\r\n\r\n")) {
					return
				}
				if _, err := c.Write(out); err != nil {
					return
				}
			}
		}()
	}
}

// BenchmarkExchange is a request and its answer, with what client and origin
// cost in this process too; but neither allocates, so allocs/op is the engine's.
func BenchmarkExchange(b *testing.B) {
	const answer = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: Wed, 25 Nov 2026 12:00:00 GMT\r\nContent-Length: 5\r\n\r\nhello"
	chain, key := newCertificate(b, ecdsaKey(b), "a.local")
	secrets := &fakeSecrets{bytes: map[string][]byte{"c.cert": chain, "c.key": key}, asked: map[string]int{}}
	cfg := Config{HTTPListener: listenLocal(b), HTTPSListener: listenLocal(b), Secrets: secrets}
	addresses := map[string]string{"plain": cfg.HTTPListener.Addr().String(), "tls": cfg.HTTPSListener.Addr().String()}
	p, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	go func() { _ = p.Run(ctx) }()
	s := toAddress(echoOrigin(b, answer))
	s.Certificates = []snapshot.Certificate{certificateOf("c")}
	s.Routes[0] = terminated(s.Routes[0], "c")
	s.Routes[0].InClear = true
	if err := p.Publish(ctx, s.Seal()); err != nil {
		b.Fatal(err)
	}
	until(b, "the certificate is loaded", func() bool { return p.Report().Certificates[0].State == snapshot.CertificateLoaded })
	for _, kind := range []string{"plain", "tls"} {
		b.Run(kind, func(b *testing.B) {
			var c net.Conn
			var err error
			if kind == "tls" {
				c, err = tls.Dial("tcp", addresses[kind], &tls.Config{ServerName: "a.local", InsecureSkipVerify: true})
			} else {
				c, err = net.Dial("tcp", addresses[kind])
			}
			if err != nil {
				b.Fatal(err)
			}
			defer c.Close()
			request, buf := []byte("GET /some/path?x=y HTTP/1.1\r\nHost: a.local\r\nUser-Agent: bench\r\nAccept: */*\r\nCookie: a=b\r\n\r\n"), make([]byte, 4096)
			ask := func() {
				if _, err := c.Write(request); err != nil {
					b.Fatal(err)
				}
				if n, err := c.Read(buf); err != nil || !bytes.HasSuffix(buf[:n], []byte("hello")) {
					b.Fatal(err, string(buf[:n]))
				}
			}
			ask()
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}
