//go:build amd64 || arm64

package passthrough

import (
	"context"
	"net"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// front is a listening socket that the loops wait for, too.
type front struct {
	handle func(Socket)
	pause  chan struct{} // is sent to when nothing can be accepted for a while
	fd     int

	mu     sync.RWMutex // guards following; read-locked while accepting
	closed bool
}

// close returns when nothing is accepted any more.
func (f *front) close() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	closeFD(f.fd)
}

// exclusive keeps an event from waking more than one loop (EPOLLEXCLUSIVE).
const exclusive = 1 << 28

// Accept accepts from l, which it closes, until ctx ends. It calls handle in a
// loop, so handle must not block. Errors that pass, such as too many open files,
// only make it slower.
func (r *Relay) Accept(ctx context.Context, l *net.TCPListener, handle func(Socket)) error {
	fd, err := take(l)
	if err != nil {
		return err
	}
	attend(fd) // as its connections will be
	f := &front{fd: fd, handle: handle, pause: make(chan struct{}, 1)}
	defer func() {
		f.unlisten(r)
		f.close()
	}()
	for {
		if err := f.listen(r); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-f.pause:
		}
		f.unlisten(r)
		select {
		case <-ctx.Done():
		case <-time.After(acceptPause):
		}
	}
}

// acceptPause is how long nothing is accepted after an error.
const acceptPause = 20 * time.Millisecond

func (f *front) listen(r *Relay) error {
	for _, l := range r.loops {
		if err := l.listen(f); err != nil {
			return err
		}
	}
	return nil
}

func (f *front) unlisten(r *Relay) {
	for _, l := range r.loops {
		l.unlisten(f)
	}
}

func (l *loop) listen(f *front) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return errEnded
	}
	l.places[f.fd] = place{front: f}
	return l.control(syscall.EPOLL_CTL_ADD, f.fd, syscall.EPOLLIN|exclusive)
}

func (l *loop) unlisten(f *front) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.ended {
		delete(l.places, f.fd)
		_ = l.control(syscall.EPOLL_CTL_DEL, f.fd, 0)
	}
}

// atOnce is how many connections are accepted before others have their turn.
const atOnce = 16

func (f *front) accept() {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.closed {
		return
	}
	for range atOnce {
		fd, peer, errno := accept(f.fd)
		switch errno {
		case 0:
			f.handle(Socket{Peer: peer.Addr(), port: peer.Port(), fd: fd})
		case syscall.ECONNABORTED:
		case syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM:
			select {
			case f.pause <- struct{}{}:
			default:
			}
			return
		default:
			return
		}
	}
}

// Peek reads what has come, as far as p has room, and leaves it to the next
// reader.
func (s Socket) Peek(p []byte) []byte {
	n, _, errno := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(s.fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), syscall.MSG_PEEK|syscall.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return nil
	}
	return p[:n]
}

// Skip reads what was peeked.
func (s Socket) Skip(p []byte) { _, _ = read(s.fd, p) }

// Keep returns s with first bytes of its own, where some are not sent yet.
func (s Socket) Keep() Socket {
	s.unsent = append([]byte(nil), s.unsent...)
	return s
}

// Close closes a Socket that nobody carries.
func (s Socket) Close() { closeFD(s.fd) }
