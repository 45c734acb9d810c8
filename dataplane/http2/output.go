package http2

import (
	"runtime"
	"sync"
)

const (
	// maxWrite is the largest single write of the connection. While as much waits,
	// no stream adds DATA.
	maxWrite = 64 << 10
	// maxControl is how many frames that answer the peer's may wait.
	maxControl = 1000
)

var outputs = sync.Pool{New: func() any { return &outputBuffer{b: make([]byte, 0, maxWrite+maxFrame+frameHeader)} }}

type outputBuffer struct{ b []byte }

// output is what goes out on a connection. Frames are appended to out, and one
// goroutine writes: it yields before it does, so that what other streams are
// about to say goes along in the same write, and while it writes others append.
type output struct {
	out    []byte
	buffer *outputBuffer
	// wake lets the writer go, which is there if started and busy if awake.
	wake           chan struct{}
	started, awake bool
	flushed        sync.Cond
	// control counts the frames in out that answer the peer's.
	control int
	// writing is since when a write is under way, 0 if none is.
	writing int64
	// broken is why writing failed.
	broken error
}

func (o *output) init() { o.wake = make(chan struct{}, 1) }

// room returns out, to append to.
func (l *link) room() []byte {
	if l.buffer == nil {
		l.buffer = outputs.Get().(*outputBuffer)
		l.out = l.buffer.b[:0]
	}
	return l.out
}

// poke has what is in out written soon. The mutex is held.
func (l *link) poke() {
	switch {
	case l.broken != nil:
		l.out = l.out[:0]
		return
	case l.awake || len(l.out) == 0:
		return
	}
	if !l.started {
		l.started = true
		l.workers.Add(1)
		go l.write(l.wake)
	}
	l.awake = true
	l.wake <- struct{}{}
}

// write is the writer.
func (l *link) write(wake <-chan struct{}) {
	defer l.workers.Done()
	for range wake {
		runtime.Gosched()
		l.mu.Lock()
		for len(l.out) > 0 && l.broken == nil {
			l.writeOut()
		}
		l.awake = false
		l.flushed.Broadcast()
		l.mu.Unlock()
	}
}

// writeOut writes what is in out, without the mutex meanwhile.
func (l *link) writeOut() {
	p, buffer := l.out, l.buffer
	l.out, l.buffer, l.control = nil, nil, 0
	l.wakeNext()
	if len(p) >= maxWrite {
		l.flushed.Broadcast()
	}
	l.writing = now()
	before, written := l.wroteID, 0
	l.wroteID = l.queuedID
	l.mu.Unlock()
	var err error
	for rest := p; len(rest) > 0 && err == nil; {
		var n int
		n, err = l.c.Write(rest[:min(len(rest), maxWrite)])
		rest = rest[n:]
		written += n
	}
	if cap(p) <= 2*maxWrite {
		buffer.b = p[:0]
		outputs.Put(buffer)
	}
	l.mu.Lock()
	l.writing = 0
	if err != nil {
		if written == 0 {
			l.wroteID = before
		}
		l.broken = err
		l.fail(err)
		_ = l.c.Close()
	}
}

// restWriter ends an idle writer. The mutex is held.
func (l *link) restWriter() {
	if l.started && !l.awake {
		close(l.wake)
		l.output.init()
		l.started = false
	}
}

// flush waits until all is written. The mutex is held, but not meanwhile.
func (l *link) flush() {
	l.poke()
	for l.awake {
		l.flushed.Wait()
	}
}

// await waits until there is room for a field block of s, so that who reads no
// answers gets none made. The mutex is held, but not meanwhile.
func (l *link) await(s *stream) {
	for len(l.out) >= 2*maxWrite && s.err == nil && l.err == nil && l.broken == nil {
		l.flushed.Wait()
	}
}

// answer counts a frame that answers the peer's, before it is appended.
func (l *link) answer(reason string) error {
	if l.control++; l.control > maxControl {
		l.refuse(reason)
		return errCalm
	}
	return nil
}
