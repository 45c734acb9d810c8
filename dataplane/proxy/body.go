package proxy

import (
	"errors"
	"io"
	"net/http"
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

func newReplay(body io.Reader, limit int) *replay {
	return &replay{body: body, limit: limit}
}

// view returns a reader of the whole body.
func (b *replay) view() io.ReadCloser { return &view{body: b} }

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

// failed says whether the client's side of the body broke.
func (b *replay) failed() bool {
	if b.waiting.Load() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.err != nil && b.err != io.EOF
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

// longestRest is how much of a body is read that nobody wants, so that the
// connection can be used again. net/http has the same bound.
const longestRest = 256 << 10

// end reads what is left of the body, up to a limit. Nobody reads from the
// client after.
func (b *replay) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		_, _ = io.CopyN(io.Discard, b.body, longestRest)
		b.err = errClosed
	}
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

func (v *view) Read(p []byte) (int, error) {
	if v.closed.Load() {
		return 0, errClosed
	}
	n, err := v.body.read(p, v.at)
	v.at += int64(n)
	return n, err
}

func (v *view) Close() error {
	v.closed.Store(true)
	return nil
}

// hasBody says whether a request has a body, perhaps an empty one.
func hasBody(r *http.Request) bool {
	return r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
}
