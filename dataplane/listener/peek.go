package listener

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// longestHello bounds what is read in search of the end of a ClientHello.
const longestHello = 64 << 10

// ErrTooLong means that a ClientHello does not end within 64 KiB.
var ErrTooLong = errors.New("the ClientHello is too long")

// Conn is a connection whose ClientHello has been read and is read again by its
// next reader.
type Conn struct {
	net.Conn
	Hello  Hello
	peeked []byte
}

// Peek reads the ClientHello of c, for at most limit. Where it fails the bytes
// are lost and c, which it does not close, is good for a last word only.
func Peek(c net.Conn, limit time.Duration) (*Conn, error) {
	if err := c.SetReadDeadline(time.Now().Add(limit)); err != nil {
		return nil, err
	}
	b := make([]byte, 0, 2048)
	for {
		if len(b) == cap(b) {
			b = append(b, make([]byte, len(b))...)[:len(b)]
		}
		n, err := c.Read(b[len(b):min(cap(b), longestHello)])
		b = b[:len(b)+n]
		hello, parseErr := ParseHello(b)
		switch {
		case parseErr == nil:
			return &Conn{Conn: c, Hello: hello, peeked: b}, c.SetReadDeadline(time.Time{})
		case parseErr != ErrIncomplete:
			return nil, parseErr
		case err != nil:
			return nil, fmt.Errorf("read the ClientHello: %w", err)
		case len(b) == longestHello:
			return nil, ErrTooLong
		}
	}
}

// Read returns the bytes of the ClientHello first.
func (c *Conn) Read(p []byte) (int, error) {
	if len(c.peeked) > 0 {
		n := copy(p, c.peeked)
		if c.peeked = c.peeked[n:]; len(c.peeked) == 0 {
			c.peeked = nil
		}
		return n, nil
	}
	return c.Conn.Read(p)
}

// Rest takes the connection apart: the bytes that nobody has read again yet, and
// the socket.
func (c *Conn) Rest() ([]byte, net.Conn) {
	return c.peeked, c.Conn
}

// UnrecognizedName is the TLS alert for a server name that nobody serves (RFC
// 6066 section 3): a fatal unrecognized_name in a TLS 1.2 record.
var UnrecognizedName = []byte{21, 3, 3, 0, 2, 2, 112}
