//go:build amd64 || arm64

package passthrough

import (
	"context"
	"os"
	"syscall"
	"time"
)

// leave closes a socket that is no part of a pair.
func (l *loop) leave(fd int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.places, fd)
	closeFD(fd)
}

// connected waits for the end of a connect. On an error fd is closed.
func (l *loop) connected(ctx context.Context, fd int, limit time.Duration) error {
	ready, err := l.watch(fd)
	if err == nil {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		select {
		case <-ready:
			return nil
		case <-ctx.Done():
			err = ctx.Err()
		case <-timer.C:
			err = os.NewSyscallError("connect", syscall.ETIMEDOUT)
		}
	}
	l.leave(fd)
	return err
}

func (l *loop) watch(fd int) (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		return nil, errEnded
	}
	ready := make(chan struct{}, 1)
	l.places[fd] = place{ready: ready}
	return ready, l.control(syscall.EPOLL_CTL_ADD, fd, events)
}
