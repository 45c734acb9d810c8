package load

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// OpenLoop makes requests at a fixed rate over some connections, whether or not
// earlier ones were answered: request n is due at n/rate, on connection n modulo
// their number, and its latency counts from then, also if it had to wait for
// the answer before it on its connection. So a server that stalls cannot make
// its own figures better (no coordinated omission).
//
// It is one loop on one thread around epoll_pwait2, because the timers of the
// Go runtime are a millisecond coarse when a process is otherwise idle, three
// times what is measured here.
func OpenLoop(ctx context.Context, t Target, connections int, rate float64, d time.Duration) (Count, Latencies, error) {
	// The slack is the thread's.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0); err != nil {
		return Count{}, Latencies{}, fmt.Errorf("timer slack: %w", err)
	}
	l := &openLoop{t: t, request: t.request(), interval: time.Duration(float64(time.Second) / rate)}
	defer l.close()
	if err := l.open(connections); err != nil {
		return Count{}, Latencies{}, err
	}
	err := l.run(ctx, d)
	return Count{Requests: int64(len(l.latencies)), Bytes: int64(len(l.latencies)) * t.Size, Took: time.Since(l.began)},
		Latencies{Answers: l.latencies, Late: l.late}, err
}

type openLoop struct {
	t        Target
	request  []byte
	interval time.Duration
	poll     int
	conns    []*openConn
	began    time.Time
	buf      [16 << 10]byte

	latencies []time.Duration
	late      []time.Duration
}

// openConn is a connection. Requests that are due wait in order.
type openConn struct {
	fd      int
	due     []time.Duration // since began; due[0] is on its way if sent
	sent    bool
	answers answers
}

func (l *openLoop) open(connections int) error {
	addr, err := netip.ParseAddrPort(l.t.Addr)
	if err != nil {
		return err
	}
	if l.poll, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return fmt.Errorf("epoll: %w", err)
	}
	for range connections {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("socket: %w", err)
		}
		l.conns = append(l.conns, &openConn{fd: fd, answers: answers{body: SmallBody}})
		if err := errors.Join(
			unix.Connect(fd, &unix.SockaddrInet4{Port: int(addr.Port()), Addr: addr.Addr().As4()}),
			unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1),
			unix.SetNonblock(fd, true),
			unix.EpollCtl(l.poll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(len(l.conns) - 1)}),
		); err != nil {
			return fmt.Errorf("connect to %s: %w", l.t.Addr, err)
		}
	}
	return nil
}

func (l *openLoop) close() {
	for _, c := range l.conns {
		_ = unix.Close(c.fd)
	}
	if l.poll > 0 {
		_ = unix.Close(l.poll)
	}
}

// run makes all the requests that are due in d and waits for their answers.
func (l *openLoop) run(ctx context.Context, d time.Duration) error {
	total := int(d / l.interval)
	l.latencies = make([]time.Duration, 0, total)
	l.late = make([]time.Duration, 0, total)
	l.began = time.Now()
	for next := 0; len(l.latencies) < total; {
		for next < total && l.dueAt(next) <= time.Since(l.began) {
			c := l.conns[next%len(l.conns)]
			c.due = append(c.due, l.dueAt(next))
			if !c.sent {
				l.late = append(l.late, time.Since(l.began)-c.due[0])
			}
			if err := l.send(c); err != nil {
				return err
			}
			next++
		}
		wait := 100 * time.Millisecond
		if next < total {
			wait = max(l.dueAt(next)-time.Since(l.began), 0)
		}
		if err := l.receive(wait); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if time.Since(l.began) > d+patience {
			return fmt.Errorf("%w: %d of %d requests are still not answered", errAnswer, total-len(l.latencies), total)
		}
	}
	return nil
}

func (l *openLoop) dueAt(n int) time.Duration { return time.Duration(n) * l.interval }

// send sends the first request that is due, unless one is on its way.
func (l *openLoop) send(c *openConn) error {
	if c.sent || len(c.due) == 0 {
		return nil
	}
	c.sent = true
	n, err := unix.Write(c.fd, l.request)
	if err != nil || n != len(l.request) {
		return fmt.Errorf("send to %s: %d of %d bytes: %w", l.t.Addr, n, len(l.request), err)
	}
	return nil
}

// receive waits for answers, no longer than d.
func (l *openLoop) receive(d time.Duration) error {
	var events [64]unix.EpollEvent
	timeout := unix.NsecToTimespec(int64(d))
	n, _, errno := unix.Syscall6(unix.SYS_EPOLL_PWAIT2, uintptr(l.poll), uintptr(unsafe.Pointer(&events[0])), uintptr(len(events)),
		uintptr(unsafe.Pointer(&timeout)), 0, 0)
	if errno == unix.EINTR {
		return nil
	}
	if errno != 0 {
		return fmt.Errorf("epoll_pwait2: %w", errno)
	}
	for _, e := range events[:n] {
		if err := l.read(l.conns[e.Fd]); err != nil {
			return fmt.Errorf("answer from %s: %w", l.t.Addr, err)
		}
	}
	return nil
}

// read takes what has arrived on a connection.
func (l *openLoop) read(c *openConn) error {
	n, err := unix.Read(c.fd, l.buf[:])
	if err == unix.EAGAIN || err == unix.EINTR {
		return nil
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return fmt.Errorf("%w: connection closed", errAnswer)
	}
	whole, err := c.answers.add(l.buf[:n])
	if err != nil || !whole {
		return err
	}
	if !c.sent {
		return fmt.Errorf("%w: an answer without a request", errAnswer)
	}
	l.latencies = append(l.latencies, time.Since(l.began)-c.due[0])
	c.due, c.sent = c.due[1:], false
	return l.send(c)
}
