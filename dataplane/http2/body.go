package http2

import "sync"

const pageSize = 16 << 10

var pages = sync.Pool{New: func() any { return new([pageSize]byte) }}

// body is what was received of a message's content and not read yet. The windows
// bound it. It has memory only while it has bytes.
type body struct {
	pages []*[pageSize]byte
	// r is where the first page is read, w where the last is written.
	r, w, n int
}

func (b *body) add(p []byte) {
	b.n += len(p)
	for len(p) > 0 {
		if len(b.pages) == 0 || b.w == pageSize {
			b.pages = append(b.pages, pages.Get().(*[pageSize]byte))
			b.w = 0
		}
		n := copy(b.pages[len(b.pages)-1][b.w:], p)
		b.w += n
		p = p[n:]
	}
}

func (b *body) read(p []byte) (n int) {
	for len(p) > 0 && b.n > 0 {
		m := copy(p, b.pages[0][b.r:min(pageSize, b.r+b.n)])
		p = p[m:]
		n += m
		b.n -= m
		if b.r += m; b.r == pageSize || b.n == 0 {
			b.turn()
		}
	}
	return n
}

// turn gives the first page back.
func (b *body) turn() {
	pages.Put(b.pages[0])
	last := copy(b.pages, b.pages[1:])
	b.pages[last] = nil
	b.pages, b.r = b.pages[:last], 0
}

// drop removes everything and returns how much it was.
func (b *body) drop() int {
	n := b.n
	for len(b.pages) > 0 {
		b.turn()
	}
	b.n, b.r, b.w = 0, 0, 0
	return n
}
