package wire

import (
	"bytes"
	"crypto/tls"
	"io"
	"testing"
)

// securedAsClient returns both ends of a TLS connection, ours the client's. The
// peer has sent session tickets, which nobody has read.
func securedAsClient(t testing.TB) (*Conn, *tls.Conn) {
	t.Helper()
	s, peer := pair(t)
	server := tls.Server(peer, &tls.Config{Certificates: []tls.Certificate{certificate(t)}})
	hello := make(chan error, 1)
	go func() { hello <- server.Handshake() }()
	r := NewRecords(s, nil)
	client := tls.Client(r, &tls.Config{InsecureSkipVerify: true, ClientSessionCache: tls.NewLRUClientSessionCache(1)})
	if err := client.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-hello; err != nil {
		t.Fatal(err)
	}
	return Secure(r, client), server
}

// hasTickets says whether there is something that nobody has read.
func (c *Conn) hasTickets() bool { return c.records.in.Len() > 0 || c.Socket.Look() != nil }

func TestSessionTicketsMakeNoConnectionStale(t *testing.T) {
	c, server := securedAsClient(t)
	until(t, "the tickets are here", c.hasTickets)
	if err := c.Look(); err != nil {
		t.Fatal(err)
	}
	go func() {
		got := make([]byte, 5)
		_, _ = io.ReadFull(server, got)
		_, _ = server.Write(got)
	}()
	var b Buffer
	if err := c.RoundTrip([]byte("hello"), &b, false); err != nil || string(b.Bytes()) != "hello" {
		t.Fatalf("%q %v", b.Bytes(), err)
	}
	b.Skip(5)
	if err := c.Look(); err != nil {
		t.Error(err)
	}
}

func TestASecuredConnectionThatEndedOrSpokeUnaskedIsStale(t *testing.T) {
	for name, act := range map[string]func(*tls.Conn){
		"it was closed":               func(c *tls.Conn) { c.Close() },
		"it was closed without alert": func(c *tls.Conn) { c.NetConn().Close() },
		"it spoke first":              func(c *tls.Conn) { _, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") },
		"a part of a record came":     func(c *tls.Conn) { _, _ = c.NetConn().Write([]byte{23, 3, 3}) },
		"what came is no TLS":         func(c *tls.Conn) { _, _ = io.WriteString(c.NetConn(), "HTTP/1.1 400 Bad Request\r\n\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			c, server := securedAsClient(t)
			until(t, "the tickets are here", c.hasTickets)
			if err := c.Look(); err != nil {
				t.Fatal(err)
			}
			act(server)
			until(t, "it is seen", func() bool { return c.Look() == ErrStale })
			var b Buffer
			if err := c.RoundTrip([]byte("hello"), &b, false); err != ErrStale {
				t.Error(err)
			}
		})
	}
}

func TestASecuredRoundTripOfManyRecords(t *testing.T) {
	c, server := securedAsClient(t)
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() {
		got := make([]byte, len(sent))
		_, _ = io.ReadFull(server, got)
		_, _ = server.Write(got)
	}()
	var b Buffer
	if err := c.RoundTrip(sent, &b, true); err != nil {
		t.Fatal(err)
	}
	got := append([]byte(nil), b.Bytes()...)
	b.Release()
	large := GetLarge()
	for len(got) < len(sent) {
		n, err := c.ReadBody(large[:])
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, large[:n]...)
	}
	if !bytes.Equal(got, sent) {
		t.Error("what came is not what was sent")
	}
	server.Close()
	if n, err := c.ReadBody(large[:]); n != 0 || err != io.EOF {
		t.Error(n, err)
	}
}
