package wire

import "sync"

// Size is the size of a Buffer's memory, unless it has to grow.
const Size = 8 << 10

// Large is the size of the buffers that bodies are carried in.
const Large = 64 << 10

var (
	slabs = sync.Pool{New: func() any { return new([Size]byte) }}
	large = sync.Pool{New: func() any { return new([Large]byte) }}
)

// GetLarge returns memory to carry a body in, for a while.
func GetLarge() *[Large]byte { return large.Get().(*[Large]byte) }

// PutLarge gives it back.
func PutLarge(b *[Large]byte) { large.Put(b) }

// Buffer holds bytes that were read and not used yet. Its zero value is empty
// and has no memory.
type Buffer struct {
	data []byte
	// slab is the memory of data where it is of the pool's.
	slab *[Size]byte
	r, w int
	// base is where bytes go when all before were used: what lies before it is
	// lent out.
	base int
	// lent is the memory of before a growth, which is still lent out.
	lent *[Size]byte
}

// Bytes returns what is there. It is good until the next read.
func (b *Buffer) Bytes() []byte { return b.data[b.r:b.w] }

// Len is the number of bytes that are there.
func (b *Buffer) Len() int { return b.w - b.r }

// Skip takes n bytes off the front.
func (b *Buffer) Skip(n int) {
	if b.r += n; b.r > b.w {
		panic("wire: more was taken from a Buffer than it had")
	}
}

// Lend takes n bytes off the front that are used until Reclaim: no read
// overwrites them.
func (b *Buffer) Lend(n int) []byte {
	lent := b.data[b.r : b.r+n]
	b.r += n
	b.base = b.r
	return lent
}

// Reclaim says that nothing is lent out any more. What is left moves to the
// front; an empty Buffer gives its memory back.
func (b *Buffer) Reclaim() {
	b.base = 0
	if b.lent != nil {
		slabs.Put(b.lent)
		b.lent = nil
	}
	if b.r == b.w {
		b.Release()
		return
	}
	b.w = copy(b.data, b.data[b.r:b.w])
	b.r = 0
}

// Release gives the memory back. What is there and what is lent out is lost.
func (b *Buffer) Release() {
	if b.slab != nil {
		slabs.Put(b.slab)
	}
	if b.lent != nil {
		slabs.Put(b.lent)
	}
	*b = Buffer{}
}

// Room returns free space after what is there, at least one byte of it, and
// makes it where there is none.
func (b *Buffer) Room() []byte {
	switch {
	case b.data == nil:
		b.slab = slabs.Get().(*[Size]byte)
		b.data = b.slab[:]
	case b.r == b.w:
		b.r, b.w = b.base, b.base
	}
	if b.w == len(b.data) {
		b.grow()
	}
	return b.data[b.w:]
}

// grow makes more room. What is lent out stays where it is.
func (b *Buffer) grow() {
	if b.base == 0 && b.r > 0 {
		b.w = copy(b.data, b.data[b.r:b.w])
		b.r = 0
		return
	}
	bigger := make([]byte, max(2*b.Len(), Size))
	n := copy(bigger, b.Bytes())
	switch {
	case b.slab == nil:
	case b.base > 0:
		b.lent = b.slab
	default:
		slabs.Put(b.slab)
	}
	b.data, b.slab, b.r, b.w, b.base = bigger, nil, 0, n, 0
}

// Filled says that n bytes were put into the Room.
func (b *Buffer) Filled(n int) { b.w += n }

// idle gives the memory back where nothing is there and nothing lent out.
func (b *Buffer) idle() {
	if b.r == b.w && b.base == 0 {
		b.Release()
	}
}
