package wire

// Look returns ErrStale where an idle connection has ended or has spoken. What TLS
// itself has to say, such as session tickets, is taken in.
func (c *Conn) Look() error {
	if c.TLS == nil {
		return c.Socket.Look()
	}
	for !c.more {
		if c.takeIn() != nil {
			break
		}
		if c.Socket.Look() == nil {
			if c.records.in.Len() > 0 { // a part of something
				break
			}
			return nil
		}
		if c.Socket.ReadBuffer(&c.records.in) != nil {
			break
		}
	}
	return ErrStale
}

// takeIn lets crypto/tls read the records that are here. It fails where they are
// more than messages of TLS.
func (c *Conn) takeIn() error {
	c.records.polling = true
	defer func() { c.records.polling = false }()
	var b [1]byte
	for c.records.whole() {
		switch n, err := c.TLS.Read(b[:]); {
		case n > 0:
			c.more = true // so that it stays stale
			return ErrStale
		case err != nil && err != error(errNotYet{}):
			return err
		}
	}
	return nil
}

// RoundTrip is that of Socket.
func (c *Conn) RoundTrip(p []byte, b *Buffer, fresh bool) error {
	if c.TLS == nil {
		return c.Socket.RoundTrip(p, b, fresh)
	}
	if !fresh || c.more || c.records.in.Len() > 0 {
		if err := c.Look(); err != nil {
			return err
		}
	}
	c.records.Hold()
	_, err := c.TLS.Write(p)
	held := c.records.take()
	if err == nil {
		err = c.Socket.RoundTrip(*held, &c.records.in, true)
	}
	putHeld(held)
	if err != nil {
		return err
	}
	return c.ReadBuffer(b)
}

// ReadBody reads a piece of a body: of what has come, as many TLS records as p has
// room for.
func (c *Conn) ReadBody(p []byte) (int, error) {
	n, err := c.Read(p)
	if c.TLS == nil || err != nil {
		return n, err
	}
	c.records.polling = true
	defer func() { c.records.polling = false }()
	for n < len(p) && c.records.whole() {
		k, err := c.Read(p[n:])
		if n += k; err != nil {
			break // it comes again, where it was not that more has to come first
		}
	}
	return n, nil
}
