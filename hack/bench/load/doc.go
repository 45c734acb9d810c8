// Package load makes the load: by wrk and h2load where those do, and by
// generators of its own for new handshakes, downloads, and a fixed rate.
//
// Every generator counts only work that was answered as asked and fails on
// anything else. Its own CPU time is not counted in a benchmark; it still has to
// be small, because generator, server and origin share the machine.
package load

import "time"

// Count is work that was done.
type Count struct {
	// Requests were answered whole and right.
	Requests int64
	// Bytes are those of their bodies.
	Bytes int64
	// Took is how long that was.
	Took time.Duration
}
