package listener

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"
)

// Serve accepts connections and gives each to handle in a goroutine of its own,
// until ctx ends. It closes l, and returns when all of handle have returned.
// Errors that pass, such as too many open files, only make it slower.
func Serve(ctx context.Context, l net.Listener, handle func(net.Conn)) error {
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	defer l.Close()
	var handlers sync.WaitGroup
	defer handlers.Wait()
	pause := time.Duration(0)
	for {
		c, err := l.Accept()
		switch {
		case err == nil:
			pause = 0
			handlers.Go(func() { handle(c) })
		case ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		default:
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			select {
			case <-ctx.Done():
			case <-time.After(pause):
			}
		}
	}
}

// Queue is a net.Listener whose connections are put into it.
type Queue struct {
	addr  net.Addr
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

// NewQueue returns an open Queue that says it listens on addr.
func NewQueue(addr net.Addr) *Queue {
	return &Queue{addr: addr, conns: make(chan net.Conn), done: make(chan struct{})}
}

// Put waits until c is accepted. It reports false, and c is still the caller's,
// if the Queue was closed before.
func (q *Queue) Put(c net.Conn) bool {
	select {
	case q.conns <- c:
		return true
	case <-q.done:
		return false
	}
}

// Accept waits for the next connection.
func (q *Queue) Accept() (net.Conn, error) {
	select {
	case c := <-q.conns:
		return c, nil
	case <-q.done:
		return nil, net.ErrClosed
	}
}

// Close ends all waiting. It may be called again.
func (q *Queue) Close() error {
	q.once.Do(func() { close(q.done) })
	return nil
}

// Addr returns the address that the Queue was made with.
func (q *Queue) Addr() net.Addr { return q.addr }
