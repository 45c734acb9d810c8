// Package listener takes connections and finds out what they want before
// anybody has answered them.
//
// Serve accepts. Peek reads the TLS ClientHello of a connection, without which
// it cannot be known whether to terminate TLS or to pass it through, and gives
// the bytes back: a Conn hands them to its next reader, and Rest lets a
// passthrough have the socket itself. A Queue is a net.Listener that is fed by
// hand, for engines that want to accept.
package listener

import (
	"errors"
	"strings"
)

// Hello is what is read of a ClientHello (RFC 8446 section 4.1.2).
type Hello struct {
	// ServerName is the host name that the client wants, "" if it names none.
	ServerName string
	// Protocols are the ALPN protocol names that the client offers.
	Protocols []string
}

// The errors of ParseHello.
var (
	// ErrIncomplete: the bytes are the beginning of a ClientHello.
	ErrIncomplete = errors.New("the ClientHello is not complete")
	// ErrNotTLS: the bytes are something else.
	ErrNotTLS = errors.New("not a TLS ClientHello")
)

const (
	recordHandshake  = 22
	typeClientHello  = 1
	extServerName    = 0
	extALPN          = 16
	longestRecord    = 1<<14 + 256
	recordHeaderSize = 5
)

// ParseHello reads a ClientHello out of the first bytes of a connection. It
// accepts whatever crypto/tls does, and reads the same from it.
func ParseHello(b []byte) (Hello, error) {
	message, err := handshakeMessage(b)
	if err != nil {
		return Hello{}, err
	}
	return parseMessage(message)
}

// handshakeMessage puts the first handshake message together, which may be
// spread over several records.
func handshakeMessage(b []byte) ([]byte, error) {
	var message []byte
	for {
		if len(b) > 0 && b[0] != recordHandshake || len(b) > 1 && b[1] != 3 {
			return nil, ErrNotTLS
		}
		if len(b) < recordHeaderSize {
			return nil, ErrIncomplete
		}
		n := int(b[3])<<8 | int(b[4])
		if n == 0 || n > longestRecord {
			return nil, ErrNotTLS
		}
		body := b[recordHeaderSize:]
		if part := body[:min(n, len(body))]; message == nil {
			message = part[:len(part):len(part)] // most are in one record: no copy
		} else {
			message = append(message, part...)
		}
		if message, ok := whole(message); ok {
			return message, nil
		}
		if len(message) > 0 && message[0] != typeClientHello {
			return nil, ErrNotTLS
		}
		if len(body) < n {
			return nil, ErrIncomplete
		}
		b = body[n:]
	}
}

// whole cuts a message to its length, if all of it is there.
func whole(message []byte) ([]byte, bool) {
	if len(message) < 4 {
		return nil, false
	}
	n := int(message[1])<<16 | int(message[2])<<8 | int(message[3])
	if len(message) < 4+n {
		return nil, false
	}
	return message[:4+n], true
}

// cursor reads length-prefixed values. Once something is missing it is bad.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if n > len(c.b) {
		c.bad, c.b = true, nil
		return nil
	}
	out := c.b[:n]
	c.b = c.b[n:]
	return out
}

func (c *cursor) number(size int) int {
	n := 0
	for _, x := range c.take(size) {
		n = n<<8 | int(x)
	}
	return n
}

// vector returns what follows a length of size bytes.
func (c *cursor) vector(size int) cursor { return cursor{b: c.take(c.number(size))} }

func parseMessage(message []byte) (Hello, error) {
	c := cursor{b: message}
	if kind := c.number(1); kind != typeClientHello {
		return Hello{}, ErrNotTLS
	}
	c.take(3 + 2 + 32)           // length, version, random
	c.vector(1)                  // session
	c.vector(2)                  // cipher suites
	c.vector(1)                  // compression methods
	if len(c.b) == 0 && !c.bad { // a ClientHello may end here
		return Hello{}, nil
	}
	extensions := c.vector(2)
	var h Hello
	for len(extensions.b) > 0 && !extensions.bad {
		kind := extensions.number(2)
		if data := extensions.vector(2); !h.read(kind, data) {
			return Hello{}, ErrNotTLS
		}
	}
	if c.bad || extensions.bad {
		return Hello{}, ErrNotTLS
	}
	return h, nil
}

// read takes what h wants of one extension, and says whether it is well-formed.
func (h *Hello) read(kind int, data cursor) bool {
	switch kind {
	case extServerName:
		return h.readServerName(data)
	case extALPN:
		return h.readProtocols(data)
	}
	return true
}

func (h *Hello) readServerName(data cursor) bool {
	list := data.vector(2)
	for len(list.b) > 0 {
		kind := list.number(1)
		name := string(list.vector(2).b)
		if kind != 0 {
			continue
		}
		if h.ServerName != "" || strings.HasSuffix(name, ".") {
			return false
		}
		h.ServerName = name
	}
	return !data.bad && !list.bad
}

func (h *Hello) readProtocols(data cursor) bool {
	list := data.vector(2)
	for len(list.b) > 0 {
		h.Protocols = append(h.Protocols, string(list.vector(1).b))
	}
	return !data.bad && !list.bad
}
