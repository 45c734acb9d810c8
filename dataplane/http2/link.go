package http2

import (
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// link is what both sides of a connection have: frames in, frames out, the
// streams and the windows. Its mutex guards everything that is not said to
// belong to the reader.
type link struct {
	c    net.Conn
	role role
	// refused counts, see Config.Refused.
	refused func(string)

	// The reader's.
	in    input
	block block
	// pending is a field block that is not whole yet, of stream pendingID.
	pending              []byte
	pendingID, continued uint32
	pendingEnd           bool
	// selfDependent: the HEADERS of the block say that the stream depends on itself.
	selfDependent bool

	mu sync.Mutex // guards following
	output
	enc encoder
	// window is what may be sent on the connection, initialWindow on a new stream.
	window, initialWindow int64
	maxFrame              int
	// lenient: the peer is an Endpoint of ours, and what it does in vain is not
	// counted.
	lenient bool
	// queuedID is the latest stream whose head is in out, wroteID the latest whose
	// head may have been written.
	queuedID, wroteID uint32
	// received is what the peer may send on the connection.
	received credit
	streams  map[uint32]*stream
	closed   closedStreams
	queue    []*stream
	// lingerers are neither among streams nor in closed; hurried: they are not to
	// stay for longer than they must.
	lingerers lingerers
	hurried   bool
	// starved is since when streams wait for the connection's window; regained is
	// what it grew by since.
	starved, regained int64
	limits            limits
	// err is why the connection ended: all streams have failed with it.
	err error
	// ending: GOAWAY was queued; the reader stops.
	ending bool
	// headerSince is since when a field block, or the preface, is not whole.
	headerSince                        atomic.Int64
	writeTimeout, headerTime, bodyTime time.Duration
	// workers are the goroutines of this connection, without the reader.
	workers sync.WaitGroup
}

// role is what the sides of a connection do differently. Only the reader calls
// head, without the mutex; all else is called with it.
type role interface {
	// head takes the field block for a stream.
	head(id uint32, end bool) error
	// idle says whether a stream was never opened.
	idle(id uint32) bool
	goaway(last uint32, code ErrorCode)
	// settled takes SETTINGS_MAX_CONCURRENT_STREAMS, -1 if a SETTINGS has none.
	settled(streams int64)
	pong()
	// over is called when a stream has ended in both directions or was reset.
	over(s *stream)
}

func (l *link) init(c net.Conn, r role, first []byte, maxBytes, maxCount int) {
	l.c, l.role = c, r
	l.in.init(c, first)
	l.block.init(maxBytes, maxCount)
	l.output.init()
	l.flushed.L = &l.mu
	l.enc.max = tableSize
	l.window, l.initialWindow, l.maxFrame = plainWindow, plainWindow, maxFrame
	l.streams = map[uint32]*stream{}
}

// fail ends all streams, and the connection, with err. The mutex is held.
func (l *link) fail(err error) {
	if l.err != nil {
		return
	}
	l.err = err
	l.partAll()
	for _, s := range l.streams {
		if s.answer != nil && s.id > l.wroteID {
			s.fail(unsent(err))
		} else {
			s.fail(err)
		}
	}
}

// leave ends the connection in order: GOAWAY, and no more frames are read. The
// mutex is held.
func (l *link) leave(last uint32, code ErrorCode) {
	if l.ending {
		return
	}
	l.ending = true
	l.out = appendGoAway(l.room(), last, code)
	l.poke()
	_ = l.c.SetReadDeadline(longAgo)
}

var longAgo = time.Unix(1, 0)

// closedStreams remembers how the latest streams ended, in a ring by their
// number: the identifier, with the way in the topmost bits.
type closedStreams [256]uint64

// The ways that a stream ends.
const (
	endUnknown = iota // long ago, or with GOAWAY
	endedBoth
	resetByUs
	resetByPeer
)

func (c *closedStreams) set(id uint32, how uint64) { c[id>>1%256] = how<<32 | uint64(id) }

func (c *closedStreams) get(id uint32) uint64 {
	if e := c[id>>1%256]; uint32(e) == id {
		return e >> 32
	}
	return endUnknown
}
