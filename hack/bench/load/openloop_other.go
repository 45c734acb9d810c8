//go:build !linux

package load

import (
	"context"
	"errors"
	"time"
)

// OpenLoop needs Linux.
func OpenLoop(context.Context, Target, int, float64, time.Duration) (Count, Latencies, error) {
	return Count{}, Latencies{}, errors.New("load at a fixed rate needs epoll")
}
