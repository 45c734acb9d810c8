package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"fairlead.dev/fairlead/hack/bench/load"
	"fairlead.dev/fairlead/hack/bench/result"
	"fairlead.dev/fairlead/hack/bench/server"
)

// settleTime is left to a server to close its side of connections, which is
// part of the work.
const settleTime = 20 * time.Millisecond

// play runs the rounds of a scenario.
func (s *suite) play(ctx context.Context, sc scenario) error {
	takes := slices.DeleteFunc(slices.Clone(s.contestants), func(c *contestant) bool { return !c.Takes(sc.group) })
	at := len(s.result.Rows)
	s.result.Rows = append(s.result.Rows, sc.rows...)
	rows := s.result.Rows[at:]
	if err := s.verifyAll(ctx, sc, takes); err != nil {
		return fmt.Errorf("before: %w", err)
	}
	rounds := s.rounds
	if sc.once {
		rounds = 1
	}
	for round := range rounds {
		for _, c := range takes {
			values, err := sc.measure(ctx, s, c)
			if err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			report(sc, c, round, values)
			for i, v := range values {
				rows[i].Add(c.Name, v)
			}
		}
		slices.Reverse(takes)
	}
	if err := s.verifyAll(ctx, sc, takes); err != nil {
		return fmt.Errorf("after: %w", err)
	}
	return s.profile(ctx, sc)
}

// report prints a line of progress.
func report(sc scenario, c *contestant, round int, values []float64) {
	line := fmt.Sprintf("%-10s round %d  %-10s", sc.name(), round+1, c.Name)
	for i, v := range values {
		line += fmt.Sprintf("  %.4g %s", v, sc.rows[i].Unit)
	}
	fmt.Println(line)
}

// verifyAll checks the answers of all servers.
func (s *suite) verifyAll(ctx context.Context, sc scenario, all []*contestant) error {
	if err := s.world.Ended(); err != nil {
		return err
	}
	for _, c := range all {
		for _, t := range sc.targets(s, c) {
			if err := t.Verify(ctx); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
			if t.Host == passed {
				continue // What is passed through carries no headers of the server.
			}
			if err := t.VerifyForwarding(ctx); err != nil {
				return fmt.Errorf("%s: %w", c.Name, err)
			}
		}
	}
	return nil
}

// cost runs load against a server and returns the CPU time that the server used
// over the units of work that were done.
func cost(ctx context.Context, i *server.Instance, units func(load.Count) float64, generate func() (load.Count, error)) (time.Duration, error) {
	before, err := i.CPU()
	if err != nil {
		return 0, err
	}
	count, err := generate()
	if err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(settleTime):
	}
	after, err := i.CPU()
	if err != nil {
		return 0, err
	}
	return time.Duration(float64(after-before) / units(count)), nil
}

// Units of work.
func requests(c load.Count) float64  { return float64(c.Requests) }
func gibibytes(c load.Count) float64 { return float64(c.Bytes) / (1 << 30) }

func microseconds(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// rowOf is a row of a scenario.
func rowOf(id, title, unit string, target float64) result.Row {
	return result.Row{ID: id, Title: title, Unit: unit, Target: result.Figure(target)}
}

// absolute is a row that is read as it is.
func absolute(id, title, unit string, target float64) result.Row {
	r := rowOf(id, title, unit, target)
	r.Absolute = true
	return r
}
