// Command bench compares Fairlead with other proxies on this machine, as `make
// bench` does: the same work through each of them, side by side in one run.
//
// Every server stands in front of the same origin, nginx with one worker, and
// does the same: it sets X-Forwarded-For and X-Forwarded-Proto, keeps
// connections to the origin alive and writes no access log. All are started
// together, because idle ones cost nothing, and asked for the same things one
// after the other, in rounds whose order is reversed each time, so that what
// else happens on the machine hits all alike. The unit is the CPU time of a
// server's whole process tree, from /proc, over the work that was completed:
// what counts is its ratio to nginx with one worker in the same rows.
//
// Before and after each scenario every server's answer is checked: status,
// header, every byte of the body, and what it sends on to the origin. A run in
// which any answer was not as asked fails.
//
// The scenarios stand in scenario.go. How to compare another proxy stands in
// package server.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"fairlead.dev/fairlead/hack/bench/server"
)

// options is the command line.
type options struct {
	bin, peersDir, out string
	only, peers        string
	extra              []server.Peer
	quick              bool
	rounds, hosts      int
	measure, limit     time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.bin, "bin", "bin", "folder with the programs fairlead and caddy")
	flag.StringVar(&o.peersDir, "peers-dir", "hack/bench/peers", "folder with the peers' folders and the origin's")
	flag.StringVar(&o.out, "out", "bin/bench", "folder for bench.json, README.md and bench.svg")
	flag.StringVar(&o.only, "only", "", "only these scenarios, such as S1,S4")
	flag.StringVar(&o.peers, "peers", "nginx,haproxy,caddy,fairlead", "folders in --peers-dir to compare; nginx is the baseline")
	flag.Func("peer", "one more, as name=folder (see package server); may be repeated", o.addPeer)
	flag.BoolVar(&o.quick, "quick", false, "a run of less than two minutes, which shows that it works, not what it costs")
	flag.IntVar(&o.rounds, "rounds", 0, "rounds (default 5, quick 1)")
	flag.IntVar(&o.hosts, "hosts", 0, "hosts of S7 (default 10000, quick 1000)")
	flag.DurationVar(&o.measure, "measure", 0, "length of a measurement in whole seconds (default 3s, or less so that a run stays in its limit; quick 1s)")
	flag.DurationVar(&o.limit, "limit", 0, "a run that takes longer fails (default 20m, quick 2m)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (o *options) addPeer(text string) error {
	name, dir, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return errors.New("want name=folder")
	}
	p, err := server.Open(name, dir)
	o.extra = append(o.extra, p)
	return err
}

// bench is the whole run.
func bench(ctx context.Context, o options) error {
	s, err := newSuite(o)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.limit, fmt.Errorf("it has taken longer than %v", s.limit))
	defer cancel()
	err = s.run(ctx)
	if cause := context.Cause(ctx); err != nil && cause != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	if err != nil {
		return err
	}
	fmt.Print("\n", s.result.Table())
	return s.write(o.out)
}
