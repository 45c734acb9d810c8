//go:build amd64 || arm64

package passthrough

import (
	"context"
	"errors"
	"os"
	"slices"
	"sync"
	"syscall"
	"time"
)

// loop waits for many sockets at once and moves what comes. All but what mu
// guards belongs to run.
//
// Its epoll is a file that the runtime's poller waits for, as it does for any
// socket. A thread that waits in epoll_wait(2) would be cheaper to write but not
// to run: the scheduler takes its processor away each time, and a waking thread
// has to get one.
type loop struct {
	epoll int
	file  *os.File // of epoll
	wait  syscall.RawConn

	mu     sync.Mutex // guards following
	places map[int]place
	ended  bool

	events  [128]syscall.EpollEvent
	scratch []byte
	pipes   []pipe    // empty ones
	turns   []*pair   // that have more to do
	fast    []*flow   // that are batched
	ticks   time.Time // when the next tick is due; zero while nothing is batched
}

// place is what a socket is waited for.
type place struct {
	pair  *pair
	ready chan struct{} // is sent to when it is connected
	front *front        // it accepts
}

func newLoop() (*loop, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := syscall.SetNonblock(epoll, true); err != nil { // or the poller does not take it
		closeFD(epoll)
		return nil, os.NewSyscallError("fcntl", err)
	}
	l := &loop{epoll: epoll, file: os.NewFile(uintptr(epoll), "epoll"), places: map[int]place{}, scratch: make([]byte, readSize)}
	if l.wait, err = l.file.SyscallConn(); err == nil {
		err = l.file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *loop) close() {
	for _, p := range l.pipes {
		p.close()
	}
	l.file.Close()
}

func (l *loop) control(op, fd int, events uint32) error {
	return os.NewSyscallError("epoll_ctl", syscall.EpollCtl(l.epoll, op, fd, &syscall.EpollEvent{Events: events, Fd: int32(fd)}))
}

// add begins to carry. It holds the lock throughout, so that the pair is not
// ended before both of its sockets are waited for.
func (l *loop) add(p *pair) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return errEnded
	}
	for _, fd := range [2]int{p.in.from, p.out.from} {
		op := syscall.EPOLL_CTL_ADD
		if _, watched := l.places[fd]; watched {
			op = syscall.EPOLL_CTL_MOD
		}
		if err := l.control(op, fd, events); err != nil {
			delete(l.places, p.in.from)
			delete(l.places, p.out.from)
			return err
		}
		l.places[fd] = place{pair: p}
	}
	return nil
}

// run waits and moves until ctx ends.
func (l *loop) run(ctx context.Context) error {
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		_ = l.file.SetReadDeadline(longAgo)
		close(woken)
	})
	defer func() {
		if !stop() {
			<-woken
		}
		l.close()
	}()
	defer l.end()
	for ctx.Err() == nil {
		happened, err := l.next()
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		for i := range happened {
			l.happen(int(happened[i].Fd), happened[i].Events)
		}
		l.takeTurns()
		l.tick(ctx)
	}
	return nil
}

var longAgo = time.Unix(1, 0)

// next returns what has happened. It waits for something to happen, for the next
// tick, or, where a pair is to have another turn, not at all.
func (l *loop) next() ([]syscall.EpollEvent, error) {
	n, errno := 0, syscall.Errno(0)
	err := l.wait.Read(func(uintptr) bool {
		n, errno = happened(l.epoll, l.events[:])
		return n > 0 || errno != 0 || len(l.turns) > 0
	})
	if err == nil && errno != 0 {
		err = os.NewSyscallError("epoll_wait", errno)
	}
	return l.events[:n], err
}

func (l *loop) happen(fd int, event uint32) {
	l.mu.Lock()
	at := l.places[fd]
	l.mu.Unlock()
	switch {
	case at.front != nil:
		at.front.accept()
	case at.ready != nil:
		select {
		case at.ready <- struct{}{}:
		default:
		}
	case at.pair != nil && at.pair.note(fd, event):
		l.turn(at.pair)
	case at.pair != nil:
		l.drop(at.pair)
	}
}

func (l *loop) turn(p *pair) {
	switch p.pump(l) {
	case failed:
		l.drop(p)
	case again:
		if !p.queued {
			p.queued = true
			l.turns = append(l.turns, p)
		}
	}
}

func (l *loop) takeTurns() {
	for range len(l.turns) {
		p := l.turns[0]
		l.turns = slices.Delete(l.turns, 0, 1)
		p.queued = false
		if !p.over {
			l.turn(p)
		}
	}
}

// drop ends a pair.
func (l *loop) drop(p *pair) {
	l.mu.Lock()
	delete(l.places, p.in.from)
	delete(l.places, p.out.from)
	l.mu.Unlock()
	p.over = true
	for _, f := range [2]*flow{&p.in, &p.out} {
		if f.batch.on {
			l.fast = slices.DeleteFunc(l.fast, func(other *flow) bool { return other == f })
		}
		f.release()
	}
	closeFD(p.in.from)
	closeFD(p.out.from)
	p.ended(p.in.moved, p.out.moved)
}

// end ends all pairs.
func (l *loop) end() {
	l.mu.Lock()
	l.ended = true
	places := l.places
	l.places = map[int]place{}
	l.mu.Unlock()
	for _, at := range places {
		if at.pair != nil && !at.pair.over {
			l.drop(at.pair)
		}
	}
}
