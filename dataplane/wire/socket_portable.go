//go:build !linux || race || !(amd64 || arm64)

package wire

// rawSocket is nothing here: the net package does it all.
type rawSocket struct{}

func (*rawSocket) init(*Socket) {}

// Read reads as net.Conn does.
func (s *Socket) Read(p []byte) (int, error) { return s.Conn.Read(p) }

// ReadBuffer adds what comes next to b.
func (s *Socket) ReadBuffer(b *Buffer) error { return s.readPlainly(b) }

// Each adds what comes to b and calls each, again and again, until each returns
// false, which makes it return nil, or the connection ends.
func (s *Socket) Each(b *Buffer, each func() bool) error { return s.eachPlainly(b, each) }

// RoundTrip writes p, on a connection that has been idle, and adds the first of
// the answer to b. Unless fresh says that there was no time for it to end, it
// looks first whether the connection is still good, and returns ErrStale, with
// nothing sent, where it is not.
func (s *Socket) RoundTrip(p []byte, b *Buffer, fresh bool) error {
	return s.roundTripPlainly(p, b, fresh)
}

// Write writes as net.Conn does.
func (s *Socket) Write(p []byte) (int, error) { return s.writePlainly(p) }
