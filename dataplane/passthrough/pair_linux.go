//go:build amd64 || arm64

package passthrough

import "syscall"

// pair is a client and a server. It belongs to its loop.
type pair struct {
	in, out flow
	ended   func(in, out int64)
	queued  bool // for another turn
	over    bool
}

func newPair(client, server int, ended func(in, out int64)) *pair {
	return &pair{in: flow{from: client, to: server}, out: flow{from: server, to: client}, ended: ended}
}

// The events of a socket that is waited for: all that it has, at changes only.
const (
	events  = syscall.EPOLLIN | syscall.EPOLLOUT | syscall.EPOLLRDHUP | edge
	edge    = 1 << 31
	inSight = syscall.EPOLLIN | syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
	atEnd   = syscall.EPOLLRDHUP | syscall.EPOLLHUP | syscall.EPOLLERR
	room    = syscall.EPOLLOUT | syscall.EPOLLHUP | syscall.EPOLLERR
)

// note takes down an event of one of the sockets. It reports false if the
// connection was reset after all its bytes were read.
func (p *pair) note(fd int, event uint32) bool {
	from, to := &p.in, &p.out
	if fd == p.out.from {
		from, to = to, from
	}
	if event&inSight != 0 {
		from.readable = true
	}
	if event&atEnd != 0 {
		from.ending = true
	}
	if event&room != 0 {
		to.writable = true
	}
	return event&syscall.EPOLLERR == 0 || !from.ended
}

// pump gives both directions a turn.
func (p *pair) pump(l *loop) outcome {
	in, out := p.in.pump(l), p.out.pump(l)
	switch {
	case in == failed || out == failed || in == over && out == over:
		return failed
	case in == over && !p.in.show() || out == over && !p.out.show():
		return failed
	case in == again || out == again:
		return again
	}
	return waits
}
