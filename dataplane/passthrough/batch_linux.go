//go:build amd64 || arm64

package passthrough

import (
	"context"
	"slices"
	"syscall"
	"time"
)

// batch lets a fast sender's bytes gather, so that they are moved in few pieces:
// the socket counts as readable only when it has lowWater bytes (SO_RCVLOWAT), or
// when the end has come, or when there is no more room. A sender that pauses is
// noticed by the next tick of the loop.
type batch struct {
	since time.Time // begin of the bytes that are looked at
	at    int64     // flow.moved at that time
	on    bool
	// seen is flow.moved at the last tick.
	seen int64
}

const (
	lowWater = 512 << 10
	// fast is what comes in fastTime if a sender is to be batched: 256 MiB/s.
	fast     = 1 << 20
	fastTime = 4 * time.Millisecond
	// tick is the longest that the last bytes before a pause are held back.
	tick = time.Millisecond
)

// wants says whether a flow that waits is to be batched from now on.
func (b *batch) wants(moved int64, now time.Time) bool {
	if moved-b.at < fast {
		return false
	}
	quick := now.Sub(b.since) < fastTime
	b.since, b.at = now, moved
	return quick
}

// slow ends the batching of a flow that did not move since the last tick, and says
// whether it did. The kernel then tells of what is there.
func (f *flow) slow() bool {
	if f.moved != f.batch.seen || f.piped > 0 {
		f.batch.seen = f.moved
		return false
	}
	f.batch = batch{since: time.Now(), at: f.moved}
	setOption(f.from, syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, 1)
	return true
}

// batch considers whether a flow that waits for more is to be batched.
func (l *loop) batch(f *flow) {
	if f.batch.on || f.ending || !f.batch.wants(f.moved, time.Now()) {
		return
	}
	f.batch.on, f.batch.seen = true, f.moved
	setOption(f.from, syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, lowWater)
	l.fast = append(l.fast, f)
}

// tick looks at flows that are batched, where it is time to.
func (l *loop) tick(ctx context.Context) {
	switch {
	case len(l.fast) == 0:
		if !l.ticks.IsZero() {
			l.tickAt(ctx, time.Time{})
		}
		return
	case !l.ticks.IsZero() && time.Now().Before(l.ticks):
		return
	case !l.ticks.IsZero():
		l.fast = slices.DeleteFunc(l.fast, (*flow).slow)
	}
	l.tickAt(ctx, time.Now().Add(tick))
}

// tickAt sets when the next tick is due; zero is never.
func (l *loop) tickAt(ctx context.Context, at time.Time) {
	l.ticks = at
	_ = l.file.SetReadDeadline(at)
	if ctx.Err() != nil { // it may have been set to longAgo before
		_ = l.file.SetReadDeadline(longAgo)
	}
}
