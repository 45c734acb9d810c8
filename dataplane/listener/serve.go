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
