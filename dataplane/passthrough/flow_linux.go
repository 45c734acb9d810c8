//go:build amd64 || arm64

package passthrough

import "syscall"

// flow is one direction of a pair. What is read is written at once; what cannot
// be written yet is kept here, and nothing is read meanwhile.
type flow struct {
	from, to int
	// readable and writable are what the kernel said last. They say no only after
	// a system call found it so, since events come at changes only.
	readable, writable bool
	// ending is set when the end of what from sends has come in sight.
	ending bool
	// ended is set when it was read, shown when to was told.
	ended, shown bool

	kept  []byte // what was read and is to be written
	pipe  pipe   // with piped bytes in it, where that is not 0
	piped int

	bulk  bool // so much came that it is spliced
	moved int64
	batch batch
}

const (
	// readSize is how much is read at once. More than that is bulk.
	readSize = 32 << 10
	// spliceSize is how much is spliced at once.
	spliceSize = 1 << 20
	// turn is after how many bytes others have their turn.
	turn = 4 << 20
)

// outcome is what became of a flow's turn.
type outcome uint8

const (
	waits  outcome = iota // for an event
	again                 // there is more to do, when others have had their turn
	over                  // all was moved, and there will be no more
	failed                // and with it the pair
)

// pump moves what can be moved.
func (f *flow) pump(l *loop) outcome {
	for until := f.moved + turn; f.moved < until; {
		if !f.flush(l) {
			if f.writable {
				return failed
			}
			return waits
		}
		if f.ended {
			return over
		}
		if !f.readable {
			return waits
		}
		if !f.fill(l) {
			return failed
		}
	}
	return again
}

// show tells the other side, once, that no more comes.
func (f *flow) show() bool {
	if f.shown {
		return true
	}
	f.shown = true
	return endSending(f.to) == 0
}

// flush writes what is kept. It says whether nothing is left; where something is,
// and the side is writable still, it failed.
func (f *flow) flush(l *loop) bool {
	for f.piped > 0 {
		if !f.writable {
			return false
		}
		n, errno := splice(f.pipe.r, f.to, f.piped)
		if !f.wrote(n, errno) {
			return false
		}
		if f.piped -= n; f.piped == 0 {
			l.give(f.pipe)
		}
	}
	for len(f.kept) > 0 {
		if !f.writable {
			return false
		}
		n, errno := write(f.to, f.kept)
		if !f.wrote(n, errno) {
			return false
		}
		if f.kept = f.kept[n:]; len(f.kept) == 0 {
			f.kept = nil
		}
	}
	return true
}

// wrote counts what a system call wrote.
func (f *flow) wrote(n int, errno syscall.Errno) bool {
	switch {
	case errno == syscall.EAGAIN:
		f.writable = false
	case errno == 0 && n > 0:
		f.moved += int64(n)
		return true
	}
	return false
}

// fill takes in what has come, of which there may be nothing.
func (f *flow) fill(l *loop) bool {
	if f.bulk {
		return f.fillPipe(l)
	}
	n, errno := read(f.from, l.scratch)
	if errno == syscall.EAGAIN {
		f.readable = false
		return true
	}
	if errno != 0 {
		return false
	}
	if n == 0 {
		f.ended = true
		return true
	}
	f.bulk = n == len(l.scratch)
	// A short read has taken all there was: what comes later is a new event.
	f.readable = f.bulk || f.ending
	return f.pass(l.scratch[:n])
}

// pass writes p, or keeps what cannot be written now.
func (f *flow) pass(p []byte) bool {
	if f.writable {
		n, errno := write(f.to, p)
		if f.wrote(n, errno) {
			p = p[n:]
		} else if f.writable {
			return false
		}
	}
	if len(p) > 0 {
		f.kept = append([]byte(nil), p...)
	}
	return true
}

func (f *flow) fillPipe(l *loop) bool {
	p, err := l.lend()
	if err != nil { // no more descriptors: it goes on by reading
		f.bulk = false
		return true
	}
	n, errno := splice(f.from, p.w, spliceSize)
	if errno == 0 && n > 0 {
		f.pipe, f.piped = p, n
		return true
	}
	l.give(p)
	switch errno {
	case syscall.EAGAIN:
		f.readable = false
		l.batch(f)
	case 0:
		f.ended = true
	default:
		return false
	}
	return true
}

// release gives back what the flow holds. A pipe with bytes in it is closed.
func (f *flow) release() {
	if f.piped > 0 {
		f.pipe.close()
		f.piped = 0
	}
}
