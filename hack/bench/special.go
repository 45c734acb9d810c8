package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"fairlead.dev/fairlead/hack/bench/load"
	"fairlead.dev/fairlead/hack/bench/proc"
	"fairlead.dev/fairlead/hack/bench/server"
)

// How long a server may take to come to rest, and what rest is.
const (
	restless = 30 * time.Second
	atRest   = 8 * time.Second
)

// memory returns the memory of a server in MiB, shared pages divided and not,
// once it has not become less for a while: a start leaves garbage behind.
func memory(ctx context.Context, i *server.Instance) ([]float64, error) {
	began := time.Now()
	least, err := i.Usage()
	for last := began; err == nil && time.Since(last) < atRest && time.Since(began) < restless; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		var u proc.Usage
		if u, err = i.Usage(); u.Proportional < least.Proportional {
			least, last = u, time.Now()
		}
	}
	return []float64{float64(least.Proportional) / (1 << 20), float64(least.Resident) / (1 << 20)}, err
}

func memoryAtRest(ctx context.Context, _ *suite, c *contestant) ([]float64, error) {
	return memory(ctx, c.one)
}

func memoryOfMany(ctx context.Context, _ *suite, c *contestant) ([]float64, error) {
	return memory(ctx, c.many)
}

// costOfMany loads the server with many hosts, and that with one in the same
// way.
func costOfMany(ctx context.Context, s *suite, c *contestant) ([]float64, error) {
	mixed := slices.Clone(s.hosts)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(mixed), func(a, b int) { mixed[a], mixed[b] = mixed[b], mixed[a] })
	many, err := s.costOf(ctx, c.many, mixed)
	if err != nil {
		return nil, err
	}
	one, err := s.costOf(ctx, c.one, slices.Repeat(s.hosts[:1], len(s.hosts)))
	return []float64{microseconds(many), float64(many) / float64(max(one, 1))}, err
}

func (s *suite) costOf(ctx context.Context, i *server.Instance, hosts []string) (time.Duration, error) {
	return cost(ctx, i, requests, func() (load.Count, error) {
		return load.Wrk(ctx, s.plain(i), connections, s.measure, hosts, s.dir)
	})
}

// changeOfMany adds a host to those of the server with many, and returns how
// long it took until the host was answered for, and how many idle connections
// of other clients were cut by the change.
func changeOfMany(ctx context.Context, s *suite, c *contestant) ([]float64, error) {
	idle, err := load.OpenIdle(ctx, s.plain(c.many), idleInS7)
	if err != nil {
		return nil, err
	}
	defer idle.Close()
	s.added++
	host := fmt.Sprintf("new%d.bench", s.added)
	all, ctx := errgroup.WithContext(ctx)
	var took time.Duration
	began := time.Now()
	all.Go(func() error { return c.many.Change(ctx, host) })
	all.Go(func() (err error) {
		took, err = s.answered(ctx, c.many, host, began)
		return err
	})
	if err := all.Wait(); err != nil {
		return nil, err
	}
	// Processes of before the change may still be about to close connections.
	time.Sleep(time.Second)
	return []float64{milliseconds(took), float64(idle.Cut())}, nil
}

// answered waits until a host is answered for, asking more seldom the longer
// that takes, so that the asking does not slow it down.
func (s *suite) answered(ctx context.Context, i *server.Instance, host string, began time.Time) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	t := s.plain(i)
	t.Host = host
	for {
		err := t.Verify(ctx)
		if err == nil {
			return time.Since(began), nil
		}
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("the new host %s is not answered: %w", host, err)
		case <-time.After(min(max(time.Since(began)/50, time.Millisecond), 100*time.Millisecond)):
		}
	}
}

// fixed loads at a fixed rate.
func fixed(ctx context.Context, s *suite, c *contestant) ([]float64, error) {
	var l load.Latencies
	d, err := cost(ctx, c.one, requests, func() (count load.Count, err error) {
		count, l, err = load.OpenLoop(ctx, s.plain(c.one), connections, fixedRate, s.measure)
		return count, err
	})
	return []float64{
		microseconds(d), microseconds(load.Quantile(l.Answers, 0.5)),
		microseconds(load.Quantile(l.Answers, 0.99)), microseconds(load.Quantile(l.Late, 0.99)),
	}, err
}

// idle opens connections that then do nothing, and returns what each adds to
// the memory.
func idle(ctx context.Context, s *suite, c *contestant) ([]float64, error) {
	before, err := c.one.Usage()
	if err != nil {
		return nil, err
	}
	conns, err := load.OpenIdle(ctx, s.secure(c.one, "localhost", load.Small), idleConns)
	if err != nil {
		return nil, err
	}
	defer conns.Close()
	after, err := c.one.Usage()
	return []float64{float64(after.Proportional-before.Proportional) / 1024 / idleConns}, err
}
