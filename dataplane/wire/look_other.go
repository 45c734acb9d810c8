//go:build !linux

package wire

// Look returns ErrStale where an idle connection has ended or has spoken. Here
// it cannot be told without reading.
func (s *Socket) Look() error { return nil }

// Gone says whether the peer has ended the connection. Here it cannot be told
// without reading.
func (s *Socket) Gone() bool { return false }
