package http2

import (
	"slices"
	"time"
)

// A stream whose answer has ended before its request is reset (RFC 9113 section
// 8.1), but not at once: clients that find the reset behind the answer, in what
// they read in one go, take it for a failure and drop the answer.
const (
	// lingerTime is how long a client may take to end such a stream by itself.
	lingerTime = time.Second
	// lingerLeast is how long it has at least, to read the answer, where waiting
	// is of no use.
	lingerLeast = lingerTime / 4
)

// lingering is what is left of a stream whose answer has ended before its
// request: what still comes on it is dropped until the client ends it, or we
// reset it.
type lingering struct {
	id    uint32
	since int64
	// left is what the client may still send, want what it said that it would, or
	// message.Unknown.
	left int
	want int64
}

// lingerers are the streams that linger, the oldest first. They cost one timer of
// their connection, which runs while there are any.
type lingerers struct {
	all     []lingering
	timer   *time.Timer
	running bool
}

func (g *lingerers) find(id uint32) int {
	return slices.IndexFunc(g.all, func(s lingering) bool { return s.id == id })
}

// stay has a stream linger that is not among the link's any more. The mutex is
// held.
func (l *link) stay(id uint32, left int, want int64) {
	if l.err != nil || l.ending {
		return
	}
	g := &l.lingerers
	g.all = append(g.all, lingering{id, now(), left, want})
	switch {
	case g.running:
		return
	case g.timer == nil:
		g.timer = time.AfterFunc(lingerLeast, l.lookAtLingerers)
	default:
		g.timer.Reset(lingerLeast)
	}
	g.running = true
}

// part ends the lingering of a stream, if it does. The mutex is held.
func (l *link) part(id uint32, how uint64) bool {
	i := l.lingerers.find(id)
	if i < 0 {
		return false
	}
	l.lingerers.all = slices.Delete(l.lingerers.all, i, i+1)
	l.closed.set(id, how)
	return true
}

// partAll ends all lingering with the connection: its end tells the client.
func (l *link) partAll() {
	l.lingerers.all = nil
	if l.lingerers.timer != nil {
		l.lingerers.timer.Stop()
	}
}

func (l *link) lookAtLingerers() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.resetLingerers()
	if l.lingerers.running = len(l.lingerers.all) > 0; l.lingerers.running {
		l.lingerers.timer.Reset(lingerLeast)
	}
}

// resetLingerers resets the streams that have lingered for long enough. The mutex
// is held.
func (l *link) resetLingerers() {
	l.lingerers.all = slices.DeleteFunc(l.lingerers.all, func(s lingering) bool {
		if l.err != nil || l.ending || !l.overdue(s) {
			return false
		}
		l.out = appendReset(l.room(), s.id, NoError)
		l.closed.set(s.id, resetByUs)
		return true
	})
	l.poke()
}

func (l *link) overdue(s lingering) bool {
	if l.hurried || s.left <= 0 {
		return since(s.since, lingerLeast)
	}
	return since(s.since, lingerTime)
}

// lingeringData drops DATA on the lingering stream at i, of which size bytes count.
// The mutex is held.
func (l *link) lingeringData(i int, f *frame, size int) error {
	s := &l.lingerers.all[i]
	s.left -= size
	if s.want > 0 {
		s.want = max(s.want-int64(len(f.payload)), 0)
	}
	switch {
	case s.left < 0:
		return errExcess
	case f.has(flagEndStream):
		l.cutShort(s)
	case len(f.payload) == 0:
		return l.count(&l.limits.empty, maxEmpty, "empty_frames")
	case s.left == 0 && l.overdue(*s):
		l.resetLingerers()
	}
	return nil
}

// lingeringTrailers takes the end of the request on a lingering stream. The mutex
// is held.
func (l *link) lingeringTrailers(id uint32, end bool) error {
	switch {
	case l.selfDependent:
		return errDepend
	case !end:
		return errTrailers
	}
	l.cutShort(&l.lingerers.all[l.lingerers.find(id)])
	return nil
}

// cutShort ends a lingering stream whose request has ended. One that has ended
// before its length has read the answer: then the reset can come at once, and
// curl 7.88 waits for one, or for anything else, if the answer says no length.
// The mutex is held.
func (l *link) cutShort(s *lingering) {
	if s.want <= 0 {
		l.part(s.id, endedBoth)
		return
	}
	l.out = appendReset(l.room(), s.id, NoError)
	l.poke()
	l.part(s.id, resetByUs)
}
