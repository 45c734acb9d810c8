package listener

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// wire is a net.Conn that reads from bytes and keeps what is written.
type wire struct {
	net.Conn
	io.Reader
	written bytes.Buffer
}

func (w *wire) Read(p []byte) (int, error)       { return w.Reader.Read(p) }
func (w *wire) Write(p []byte) (int, error)      { return w.written.Write(p) }
func (w *wire) Close() error                     { return nil }
func (w *wire) SetDeadline(time.Time) error      { return nil }
func (w *wire) SetReadDeadline(time.Time) error  { return nil }
func (w *wire) SetWriteDeadline(time.Time) error { return nil }
func (w *wire) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (w *wire) LocalAddr() net.Addr              { return &net.TCPAddr{} }

// helloOf returns the ClientHello of crypto/tls.
func helloOf(cfg *tls.Config) []byte {
	w := &wire{Reader: strings.NewReader("")}
	_ = tls.Client(w, cfg).Handshake()
	return w.written.Bytes()
}

var errSeen = errors.New("seen")

// oracle returns what crypto/tls reads of a ClientHello, and whether it accepts it.
func oracle(b []byte) (Hello, bool) {
	var h Hello
	seen := false
	_ = tls.Server(&wire{Reader: bytes.NewReader(b)}, &tls.Config{GetConfigForClient: func(i *tls.ClientHelloInfo) (*tls.Config, error) {
		h, seen = Hello{i.ServerName, i.SupportedProtos}, true
		return nil, errSeen
	}}).Handshake()
	return h, seen
}

// spread puts the same handshake message into records of n bytes.
func spread(hello []byte, n int) []byte {
	var out []byte
	message, err := handshakeMessage(hello)
	if err != nil {
		panic(err)
	}
	for len(message) > 0 {
		k := min(n, len(message))
		out = append(out, 22, 3, 1, byte(k>>8), byte(k))
		out = append(out, message[:k]...)
		message = message[k:]
	}
	return out
}

func TestParseHello(t *testing.T) {
	long := make([]string, 200)
	for i := range long {
		long[i] = strings.Repeat("p", 255)
	}
	for name, cfg := range map[string]*tls.Config{
		"a name and protocols": {ServerName: "demo.local", NextProtos: []string{"h2", "http/1.1"}},
		"no name":              {InsecureSkipVerify: true},
		"TLS 1.2":              {ServerName: "x.y", MaxVersion: tls.VersionTLS12},
		"a very long one":      {ServerName: "x.y", NextProtos: long},
	} {
		hello := helloOf(cfg)
		want := Hello{cfg.ServerName, cfg.NextProtos}
		for _, b := range [][]byte{hello, spread(hello, 1000), spread(hello, 16000), append(hello[:len(hello):len(hello)], "more"...)} {
			got, err := ParseHello(b)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%s: %s", name, d)
			}
		}
		for n := range min(len(hello), 600) {
			if _, err := ParseHello(hello[:n]); err != ErrIncomplete {
				t.Fatalf("%s: the first %d bytes: %v", name, n, err)
			}
		}
	}
	for _, b := range []string{"GET / HTTP/1.1\r\n", "\x16\x02", "\x16\x03\x01\x00\x00", "\x16\x03\x01\x00\x04\x02\x00\x00\x00", "\x16\x03\x01\xff\xff"} {
		if _, err := ParseHello([]byte(b)); err != ErrNotTLS {
			t.Errorf("%q: %v", b, err)
		}
	}
}

func FuzzParseHelloAgreesWithCryptoTLS(f *testing.F) {
	f.Add(helloOf(&tls.Config{ServerName: "demo.local", NextProtos: []string{"h2"}}))
	f.Add(helloOf(&tls.Config{ServerName: "a.b", MaxVersion: tls.VersionTLS12}))
	f.Add(spread(helloOf(&tls.Config{ServerName: "demo.local"}), 100))
	f.Add([]byte("\x16\x03\x01\x00\x04\x01\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseHello(b)
		want, ok := oracle(b)
		if !ok {
			return
		}
		if err != nil {
			t.Fatalf("crypto/tls accepts it: %v", err)
		}
		if got.ServerName != want.ServerName || strings.Join(got.Protocols, "\n") != strings.Join(want.Protocols, "\n") {
			t.Fatalf("%+v, crypto/tls reads %+v", got, want)
		}
	})
}

func TestPeekGivesTheBytesBack(t *testing.T) {
	hello := helloOf(&tls.Config{ServerName: "demo.local"})
	client, server := net.Pipe()
	peeked := make(chan struct{}) // a pipe whose other end is closed has no deadlines
	go func() {
		for _, b := range [][]byte{hello[:3], hello[3:100], append(hello[100:len(hello):len(hello)], "tail"...)} {
			_, _ = client.Write(b)
		}
		<-peeked
		client.Close()
	}()
	c, err := Peek(server, time.Minute)
	close(peeked)
	if err != nil {
		t.Fatal(err)
	}
	if c.Hello.ServerName != "demo.local" {
		t.Error(c.Hello)
	}
	first, conn := c.Rest()
	if conn != server || !bytes.HasPrefix(first, hello) {
		t.Error("Rest has not what was read")
	}
	if all, _ := io.ReadAll(c); string(all) != string(hello)+"tail" {
		t.Errorf("%d bytes, want %d", len(all), len(hello)+4)
	}
}

func TestPeekIsBounded(t *testing.T) {
	client, server := net.Pipe()
	defer client.Close()
	if _, err := Peek(server, time.Millisecond); err == nil {
		t.Error("a silent client is waited for without end")
	}
	// A message of 16 MB in full records, which goes on and on.
	record := append([]byte{22, 3, 1, 0x40, 0}, bytes.Repeat([]byte{1, 255, 255, 255}, 4096)...)
	if _, err := Peek(&wire{Reader: bytes.NewReader(bytes.Repeat(record, 10))}, time.Minute); err != ErrTooLong {
		t.Error(err)
	}
}
