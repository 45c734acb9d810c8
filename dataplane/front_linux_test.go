package dataplane

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"
)

// unanswering returns an address where connects are not answered: nobody accepts,
// and the queue is full.
func unanswering(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := errors.Join(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), syscall.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprint("127.0.0.1:", name.(*syscall.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", address, 50*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
}

func TestAnEndpointThatDoesNotAnswerIsPassedOver(t *testing.T) {
	r := startRig(t, func(c *Config) { c.DialTimeout = 20 * time.Millisecond })
	r.publish(passthroughTo("p.local", unanswering(t), tlsOrigin(t, "own").Addr().String()))
	for range 2 {
		l, c := dialTLS(t, r.https, "p.local")
		fmt.Fprintln(l, "hello")
		l.expect(t, "hello")
		c.Close()
	}
	until(t, "both are logged", func() bool { return strings.Count(r.log.String(), `"endpoint":"pass1"`) == 2 })
}

// largeHello is more than the front looks at.
func largeHello(t *testing.T, name string) []byte {
	t.Helper()
	var protocols []string
	for i := range 100 {
		protocols = append(protocols, fmt.Sprintf("%060d", i))
	}
	client, server := net.Pipe()
	go func() {
		_ = tls.Client(client, &tls.Config{ServerName: name, NextProtos: protocols}).HandshakeContext(t.Context())
	}()
	defer client.Close()
	b := make([]byte, 16<<10)
	n, err := server.Read(b)
	if err != nil || n < 6000 {
		t.Fatal(n, err)
	}
	return b[:n]
}

func TestALargeClientHelloIsPassedThroughWhole(t *testing.T) {
	r := startRig(t)
	sink := listenLocal(t)
	defer sink.Close()
	r.publish(passthroughTo("p.local", sink.Addr().String()))
	hello := largeHello(t, "p.local")
	c, err := net.Dial("tcp", r.https)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(patience))
	for p := hello; len(p) > 0; p = p[min(1000, len(p)):] {
		if _, err := c.Write(p[:min(1000, len(p))]); err != nil {
			t.Fatal(err)
		}
	}
	_ = c.(*net.TCPConn).CloseWrite()
	server, err := sink.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	_ = server.SetDeadline(time.Now().Add(patience))
	if got, err := io.ReadAll(server); err != nil || !bytes.Equal(got, hello) {
		t.Errorf("%d bytes of %d, %v", len(got), len(hello), err)
	}
}
