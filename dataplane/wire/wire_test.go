package wire

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"testing"
	"time"
)

const patience = 20 * time.Second

// pair returns both ends of a connection on loopback.
func pair(t testing.TB) (*Socket, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	here, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	there, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{here, there} {
		_ = c.SetDeadline(time.Now().Add(patience))
		t.Cleanup(func() { c.Close() })
	}
	return NewSocket(here), there.(*net.TCPConn)
}

func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestARoundTripWritesAndReads(t *testing.T) {
	s, peer := pair(t)
	large := bytes.Repeat([]byte("0123456789"), 1<<20) // more than the socket takes at once
	for _, request := range [][]byte{[]byte("hello"), large} {
		go func() {
			got := make([]byte, len(request))
			if _, err := io.ReadFull(peer, got); err != nil || !bytes.Equal(got, request) {
				t.Error("the request did not come whole:", err)
			}
			_, _ = io.WriteString(peer, "answer")
		}()
		var b Buffer
		if err := s.RoundTrip(request, &b, false); err != nil || string(b.Bytes()) != "answer" {
			t.Fatalf("%q, %v", b.Bytes(), err)
		}
		b.Release()
	}
}

func TestAConnectionThatEndedOrSpokeUnaskedIsStale(t *testing.T) {
	for name, act := range map[string]func(*net.TCPConn){
		"it was closed":  func(c *net.TCPConn) { c.Close() },
		"it was reset":   func(c *net.TCPConn) { _ = c.SetLinger(0); c.Close() },
		"it spoke first": func(c *net.TCPConn) { _, _ = io.WriteString(c, "HTTP/1.1 408 Request Timeout\r\n\r\n") },
	} {
		t.Run(name, func(t *testing.T) {
			s, peer := pair(t)
			if err := s.Look(); err != nil {
				t.Fatal("a fresh connection:", err)
			}
			act(peer)
			until(t, "it is noticed", func() bool { return s.Look() != nil })
			var b Buffer
			if err := s.RoundTrip([]byte("x"), &b, false); err != ErrStale {
				t.Errorf("%v, want ErrStale", err)
			}
		})
	}
}

func TestAPeerThatIsGoneIsSeenBehindWhatItSent(t *testing.T) {
	s, peer := pair(t)
	_, _ = io.WriteString(peer, "unread")
	if s.Gone() {
		t.Error("it is there")
	}
	_ = peer.CloseWrite()
	until(t, "its end is seen", s.Gone)
}

func TestAnInterruptEndsWaiting(t *testing.T) {
	s, _ := pair(t)
	failed := make(chan error)
	go func() {
		var b Buffer
		failed <- s.RoundTrip([]byte("x"), &b, false)
	}()
	s.Interrupt()
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}

func TestABlockedWriteIsSeen(t *testing.T) {
	s, peer := pair(t)
	go func() { _, _ = s.Write(make([]byte, 64<<20)) }()
	until(t, "the write waits", func() bool { return s.BlockedSince() != 0 })
	go func() { _, _ = io.Copy(io.Discard, peer) }()
	until(t, "the write is done", func() bool { return s.BlockedSince() == 0 })
}

func TestABufferHasMemoryOnlyWhileItHasBytes(t *testing.T) {
	var b Buffer
	put := func(s string) {
		for len(s) > 0 {
			n := copy(b.Room(), s)
			b.Filled(n)
			s = s[n:]
		}
	}
	put("head body")
	head := b.Lend(5)
	body := string(b.Bytes())
	b.Skip(4)
	big := string(bytes.Repeat([]byte("x"), 3*Size))
	put(big)
	if string(head) != "head " || body != "body" || string(b.Bytes()) != big {
		t.Error("what was lent was overwritten, or what came was lost")
	}
	b.Skip(b.Len() - 3)
	b.Reclaim()
	if string(b.Bytes()) != "xxx" {
		t.Errorf("%q is left", b.Bytes())
	}
	b.Skip(3)
	if b.Reclaim(); b.data != nil {
		t.Error("an empty Buffer has memory")
	}
}

func certificate(t testing.TB) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"a"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secured returns both ends of a TLS connection.
func secured(t testing.TB) (*Conn, *tls.Conn) {
	t.Helper()
	s, peer := pair(t)
	client := tls.Client(peer, &tls.Config{InsecureSkipVerify: true})
	hello := make(chan error, 1)
	go func() { hello <- client.Handshake() }()
	r := NewRecords(s, nil)
	server := tls.Server(r, &tls.Config{Certificates: []tls.Certificate{certificate(t)}, DynamicRecordSizingDisabled: true})
	if err := server.Handshake(); err != nil {
		t.Fatal(err)
	}
	if err := <-hello; err != nil {
		t.Fatal(err)
	}
	return Secure(r, server), client
}

func TestRecordsThatComeTogetherAreReadOneByOne(t *testing.T) {
	c, client := secured(t)
	var sent bytes.Buffer
	for i := range 200 { // small ones and ones of several slabs
		p := bytes.Repeat([]byte{byte(i)}, 1+i*i)
		sent.Write(p)
	}
	go func() {
		for i := range 200 {
			_, _ = client.Write(bytes.Repeat([]byte{byte(i)}, 1+i*i))
		}
	}()
	var got []byte
	var b Buffer
	for len(got) < sent.Len() {
		if err := c.ReadBuffer(&b); err != nil {
			t.Fatal(err)
		}
		got = append(got, b.Bytes()...)
		b.Skip(b.Len())
	}
	if !bytes.Equal(got, sent.Bytes()) {
		t.Error("what came is not what was sent")
	}
}

func TestManyRecordsAreOneWrite(t *testing.T) {
	c, client := secured(t)
	sent := bytes.Repeat([]byte("abcdefgh"), 1<<16)
	go func() { _, _ = c.Write(sent) }()
	got := make([]byte, len(sent))
	if _, err := io.ReadFull(client, got); err != nil || !bytes.Equal(got, sent) {
		t.Error("what came is not what was sent:", err)
	}
}

func TestAnIdleSecuredConnectionHasNoBuffers(t *testing.T) {
	c, client := secured(t)
	_, _ = io.WriteString(client, "hello")
	var b Buffer
	if err := c.ReadBuffer(&b); err != nil || string(b.Bytes()) != "hello" {
		t.Fatalf("%q %v", b.Bytes(), err)
	}
	b.Skip(5)
	b.Reclaim()
	if b.data != nil || c.records.in.data != nil {
		t.Error("an idle connection has memory")
	}
}

// fill reads all that comes by Each, until there are so many bytes.
func fill(c *Conn, n int) ([]byte, error) {
	var b Buffer
	var got []byte
	err := c.Each(&b, func() bool {
		got = append(got, b.Bytes()...)
		b.Skip(b.Len())
		return len(got) < n
	})
	return got, err
}

func TestEachBringsEverythingInAnyPieces(t *testing.T) {
	sent := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	pieces := []int{1, 5, 100, Size - 1, Size, Size + 1, 3 * Size, len(sent)}
	plain, plainPeer := pair(t)
	secure, securePeer := secured(t)
	for name, c := range map[string]struct {
		conn *Conn
		peer net.Conn
	}{"plain": {Plain(plain), plainPeer}, "tls": {secure, securePeer}} {
		t.Run(name, func(t *testing.T) {
			go func() {
				for i, rest := 0, sent; len(rest) > 0; i++ {
					n := min(pieces[i%len(pieces)], len(rest))
					_, _ = c.peer.Write(rest[:n])
					rest = rest[n:]
				}
			}()
			// Half by half: what comes between two calls is not lost.
			first, err := fill(c.conn, len(sent)/2)
			if err != nil {
				t.Fatal(err)
			}
			second, err := fill(c.conn, len(sent)-len(first))
			if err != nil || !bytes.Equal(append(first, second...), sent) {
				t.Errorf("%d bytes and %d of %d, %v", len(first), len(second), len(sent), err)
			}
			go func() { c.peer.Close() }()
			if _, err := fill(c.conn, 1); err != io.EOF {
				t.Error("the end:", err)
			}
		})
	}
}

func TestEachAnswersOneByOne(t *testing.T) {
	s, peer := pair(t)
	go func() {
		var b Buffer
		_ = s.Each(&b, func() bool {
			n := b.Len()
			b.Skip(n)
			_, err := s.Write(make([]byte, n))
			return err == nil
		})
	}()
	buf := make([]byte, 100)
	for i := range 2000 {
		n := 1 + i%len(buf)
		if _, err := peer.Write(buf[:n]); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(peer, buf[:n]); err != nil {
			t.Fatal(i, err)
		}
	}
}

func TestAnInterruptEndsEach(t *testing.T) {
	s, _ := pair(t)
	failed := make(chan error)
	go func() {
		_, err := fill(Plain(s), 1)
		failed <- err
	}()
	s.InterruptRead()
	if err := <-failed; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
}
