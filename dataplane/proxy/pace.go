package proxy

import (
	"sync/atomic"
	"time"
)

// pace is how fast a client sends a body: bytes over the time that somebody
// waited for them. The time that an Endpoint takes is not the client's.
type pace struct {
	bytes atomic.Int64
	// waited is the time of waits that have ended, since when the one began that
	// is under way, in nanoseconds of Unix time, or 0.
	waited, since atomic.Int64
}

func (p *pace) reset() {
	p.bytes.Store(0)
	p.waited.Store(0)
	p.since.Store(0)
}

func (p *pace) begin() { p.since.Store(time.Now().UnixNano()) }

// end ends a wait that has brought n bytes, and returns how many there were.
func (p *pace) end(n int) int64 {
	p.waited.Add(time.Now().UnixNano() - p.since.Swap(0))
	return p.bytes.Add(int64(n))
}

// tooSlow says whether the client is slower than l allows.
func (p *pace) tooSlow(now time.Time, l *Limits) bool {
	took := time.Duration(p.waited.Load())
	if since := p.since.Load(); since != 0 {
		took += now.Sub(time.Unix(0, since))
	}
	return l.BodyRate >= 0 && took >= l.BodyGrace && p.bytes.Load() < int64(float64(l.BodyRate)*took.Seconds())
}
