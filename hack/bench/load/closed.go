package load

import (
	"context"
	"io"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// Handshakes opens a connection after the other in each of some workers, makes
// one request on each, and closes it.
func Handshakes(ctx context.Context, t Target, workers int, d time.Duration) (Count, error) {
	return closed(ctx, workers, d, func(ctx context.Context, _ func() bool) (int64, error) {
		return 1, t.verify(ctx)
	})
}

// Downloads makes a request after the other on one connection in each of some
// workers. The size of each body is checked, not its bytes.
func Downloads(ctx context.Context, t Target, workers int, d time.Duration) (Count, error) {
	count, err := closed(ctx, workers, d, func(ctx context.Context, more func() bool) (int64, error) {
		c, err := t.dial(ctx)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		p := t.newPeer(c)
		for n := int64(0); ; {
			_ = c.SetDeadline(time.Now().Add(patience))
			if _, err := t.get(p, io.Discard); err != nil {
				return n, err
			}
			if n++; !more() {
				return n, nil
			}
		}
	})
	count.Bytes = count.Requests * t.Size
	return count, err
}

// closed calls work again and again in each of some workers until the time is
// over; what is under way then is finished and counted.
func closed(ctx context.Context, workers int, d time.Duration, work func(ctx context.Context, more func() bool) (int64, error)) (Count, error) {
	var requests atomic.Int64
	began := time.Now()
	more := func() bool { return time.Since(began) < d && ctx.Err() == nil }
	all, ctx := errgroup.WithContext(ctx)
	for range workers {
		all.Go(func() error {
			for more() {
				n, err := work(ctx, more)
				requests.Add(n)
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	err := all.Wait()
	return Count{Requests: requests.Load(), Took: time.Since(began)}, err
}

// Idle is a number of connections that are kept open.
type Idle struct {
	t     Target
	conns []*peer
}

// OpenIdle opens n connections and makes a request on each.
func OpenIdle(ctx context.Context, t Target, n int) (*Idle, error) {
	i := &Idle{t: t, conns: make([]*peer, n)}
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(8)
	for at := range i.conns {
		all.Go(func() error {
			c, err := t.dial(ctx)
			if err != nil {
				return err
			}
			p := t.newPeer(c)
			i.conns[at] = p
			_, err = t.get(p, io.Discard)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		i.Close()
		return nil, err
	}
	return i, nil
}

// Cut makes a request on each connection and returns how many of them do not
// answer it any more.
func (i *Idle) Cut() int {
	n := 0
	for _, p := range i.conns {
		_ = p.SetDeadline(time.Now().Add(patience))
		if _, err := i.t.get(p, io.Discard); err != nil {
			n++
		}
	}
	return n
}

// Close closes the connections.
func (i *Idle) Close() {
	for _, p := range i.conns {
		if p != nil {
			p.Close()
		}
	}
}
