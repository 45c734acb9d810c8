//go:build !linux || race || !(amd64 || arm64)

package wire

// rawSocket is nothing here: the net package does it all.
type rawSocket struct{}

func (*rawSocket) init(*Socket) {}

// Read reads as net.Conn does.
func (s *Socket) Read(p []byte) (int, error) { return s.Conn.Read(p) }

// ReadBuffer adds what comes next to b.
func (s *Socket) ReadBuffer(b *Buffer) error { return s.readPlainly(b) }

// RoundTrip writes p, on a connection that has been idle, and adds the first of
// the answer to b. It looks first whether the connection is still good, and
// returns ErrStale, with nothing sent, where it is not.
func (s *Socket) RoundTrip(p []byte, b *Buffer) error { return s.roundTripPlainly(p, b) }

// Write writes as net.Conn does.
func (s *Socket) Write(p []byte) (int, error) { return s.writePlainly(p) }
