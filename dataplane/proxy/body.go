package proxy

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// replay is a request's body that may be read more than once: it keeps what was
// read, up to a limit. Each try reads it through a view of its own. A view that a
// failed try left behind may still be waiting for the client; what it gets is
// kept, and so not lost to the next view.
type replay struct {
	limit int
	n     atomic.Int64 // bytes that the client sent
	// waiting: somebody waits for the client.
	waiting atomic.Bool

	mu   sync.Mutex // guards following, and the reading of body
	body io.Reader
	kept []byte
	// lost: bytes were read that are not kept.
	lost bool
	err  error
}

var (
	errLost   = errors.New("the body is not kept, so it cannot be sent again")
	errClosed = errors.New("the try is over")
)

// begin makes b ready for another body.
func (b *replay) begin(body io.Reader, limit int) {
	b.limit, b.body, b.kept, b.lost, b.err = limit, body, b.kept[:0], false, nil
	b.n.Store(0)
}

// count is the number of bytes that came from the client.
func (b *replay) count() int64 { return b.n.Load() }

// whole says whether a new view can still read from the beginning.
func (b *replay) whole() bool {
	if b.waiting.Load() {
		return b.count() <= int64(b.limit)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.lost
}

// all returns the whole body, where it has ended and was kept. It is good until
// the next begin.
func (b *replay) all() ([]byte, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.kept, b.err == io.EOF && !b.lost
}

// fault returns what broke the client's side of the body, or nil.
func (b *replay) fault() error {
	if b.waiting.Load() {
		return nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == io.EOF {
		return nil
	}
	return b.err
}

// read fills p from place at on.
func (b *replay) read(p []byte, at int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.lost && at < int64(len(b.kept)):
		return copy(p, b.kept[at:]), nil
	case at < b.n.Load():
		return 0, errLost
	case b.err != nil:
		return 0, b.err
	}
	b.waiting.Store(true)
	n, err := b.body.Read(p)
	b.waiting.Store(false)
	b.keep(p[:n])
	b.n.Add(int64(n))
	b.err = err
	return n, err
}

func (b *replay) keep(p []byte) {
	if b.lost || len(p) == 0 {
		return
	}
	if len(b.kept)+len(p) > b.limit {
		b.lost, b.kept = true, nil
		return
	}
	b.kept = append(b.kept, p...)
}

// view is one reading of a replay, for one goroutine.
type view struct {
	body   *replay
	at     int64
	closed atomic.Bool
}

// Read returns errClosed once the view is closed.
func (v *view) Read(p []byte) (int, error) {
	if v.closed.Load() {
		return 0, errClosed
	}
	n, err := v.body.read(p, v.at)
	v.at += int64(n)
	return n, err
}
