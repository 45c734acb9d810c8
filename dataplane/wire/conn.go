package wire

import (
	"cmp"
	"crypto/tls"
)

// oneRecord is what fits into one TLS record.
const oneRecord = 16 << 10

// Conn is a connection as the engine reads and writes it. One goroutine
// may read while another writes.
type Conn struct {
	*Socket
	// TLS is nil in the clear.
	TLS *tls.Conn
	// Clients is the Clients of the Policy that the handshake was made under.
	Clients string
	records *Records
	// more: crypto/tls may hold more of what it has decrypted.
	more bool
}

// Plain returns a connection in the clear.
func Plain(s *Socket) *Conn { return &Conn{Socket: s} }

// Secure returns a connection over TLS, whose handshake is done; r is what t
// reads from.
func Secure(r *Records, t *tls.Conn) *Conn {
	return &Conn{Socket: r.Socket, TLS: t, records: r}
}

// Protocol is what was agreed on by ALPN, or "".
func (c *Conn) Protocol() string {
	if c.TLS == nil {
		return ""
	}
	return c.TLS.ConnectionState().NegotiatedProtocol
}

// Read reads as net.Conn does.
func (c *Conn) Read(p []byte) (int, error) {
	if c.TLS == nil {
		return c.Socket.Read(p)
	}
	n, err := c.TLS.Read(p)
	c.more = n == len(p)
	return n, err
}

// ReadBuffer adds what comes next to b. While it waits, an empty b has no memory.
func (c *Conn) ReadBuffer(b *Buffer) error {
	if c.TLS == nil {
		return c.Socket.ReadBuffer(b)
	}
	for {
		if !c.more {
			if err := c.records.Await(); err != nil {
				return err
			}
		}
		n, err := c.Read(b.Room())
		b.Filled(n)
		if n > 0 {
			return nil
		}
		b.idle()
		if err != nil {
			return err
		}
	}
}

// Each is Socket.Each, and calls each first where something is there already.
func (c *Conn) Each(b *Buffer, each func() bool) error {
	if b.Len() > 0 && !each() {
		return nil
	}
	if c.TLS == nil {
		return c.Socket.Each(b, each)
	}
	var failed error
	decrypt := func() bool {
		more, err := c.decrypt(b, each)
		failed = err
		return more
	}
	c.records.polling = true
	defer func() { c.records.polling = false }()
	if !decrypt() {
		return failed
	}
	return cmp.Or(c.Socket.Each(&c.records.in, decrypt), failed)
}

// decrypt adds what the records that are here hold to b, and calls each.
func (c *Conn) decrypt(b *Buffer, each func() bool) (more bool, err error) {
	for c.more || c.records.whole() {
		n, err := c.Read(b.Room())
		b.Filled(n)
		switch {
		case n > 0:
			if !each() {
				return false, nil
			}
		case err != nil && err != error(errNotYet{}):
			b.idle()
			return false, err
		}
	}
	b.idle()
	return true, nil
}

// Write writes as net.Conn does; p becomes one write of the socket, however many
// TLS records it takes.
func (c *Conn) Write(p []byte) (int, error) {
	if c.TLS == nil {
		return c.Socket.Write(p)
	}
	if len(p) <= oneRecord {
		return c.TLS.Write(p)
	}
	c.records.Hold()
	n, err := c.TLS.Write(p)
	if sendErr := c.records.Send(); err == nil {
		err = sendErr
	}
	return n, err
}

// CloseWrite ends the sending.
func (c *Conn) CloseWrite() error {
	if c.TLS != nil {
		return c.TLS.CloseWrite()
	}
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return c.Close()
}

// Close closes at once. Over TLS it tells the peer, where that can be done
// without waiting.
func (c *Conn) Close() error {
	if c.TLS != nil {
		return c.TLS.Close()
	}
	return c.Socket.Close()
}
