package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"fairlead.dev/fairlead/hack/bench/load"
	"fairlead.dev/fairlead/hack/bench/result"
	"fairlead.dev/fairlead/hack/bench/server"
)

// suite is a run.
type suite struct {
	peers     []server.Peer
	scenarios []scenario
	rounds    int
	measure   time.Duration
	limit     time.Duration
	hosts     []string
	origin    string
	added     int // hosts that S7 has added

	bin         string
	dir         string
	world       *server.World
	contestants []*contestant
	result      *result.Run
	// profiles are CPU profiles by the names of their files.
	profiles map[string][]byte
}

// contestant is a peer with its two servers: one with a single host, one with
// all those of S7, which is missing in a run without S7.
type contestant struct {
	server.Peer
	one, many *server.Instance
}

const (
	baseline = "nginx"
	subject  = "fairlead"
)

// newSuite decides what is run. It starts nothing.
func newSuite(o options) (*suite, error) {
	bin, err := filepath.Abs(o.bin)
	if err != nil {
		return nil, err
	}
	s := &suite{bin: bin, origin: filepath.Join(o.peersDir, "origin"), profiles: map[string][]byte{}, rounds: cmp.Or(o.rounds, 5), limit: cmp.Or(o.limit, 20*time.Minute)}
	hosts := cmp.Or(o.hosts, 10_000)
	if o.quick {
		s.rounds, s.limit, hosts = cmp.Or(o.rounds, 1), cmp.Or(o.limit, 2*time.Minute), cmp.Or(o.hosts, 1000)
	}
	for n := range hosts {
		s.hosts = append(s.hosts, fmt.Sprintf("h%d.bench", n))
	}
	for name := range strings.SplitSeq(o.peers, ",") {
		p, err := server.Open(name, filepath.Join(o.peersDir, name))
		if err != nil {
			return nil, err
		}
		s.peers = append(s.peers, p)
	}
	s.peers = append(s.peers, o.extra...)
	if s.scenarios, err = choose(allScenarios(hosts), o.only); err != nil {
		return nil, err
	}
	s.measure = measureFor(o, s.rounds*s.measurements(), s.limit)
	s.result = &result.Run{Quick: o.quick, Rounds: s.rounds, Measure: s.measure.Seconds(), Machine: machine(), Baseline: baseline, Subject: subject, Notes: s.notes()}
	return s, s.missing()
}

// choose picks scenarios by the first words of their IDs; "" picks all.
func choose(all []scenario, only string) ([]scenario, error) {
	if only == "" {
		return all, nil
	}
	wanted := strings.Split(only, ",")
	for _, w := range wanted {
		if !slices.ContainsFunc(all, func(s scenario) bool { return s.group == w }) {
			return nil, fmt.Errorf("--only: there is no scenario %q", w)
		}
	}
	return slices.DeleteFunc(all, func(s scenario) bool { return !slices.Contains(wanted, s.group) }), nil
}

// measurements is how many of full length there are in a round.
func (s *suite) measurements() int {
	n := 0
	for _, sc := range s.scenarios {
		for _, p := range s.peers {
			if p.Takes(sc.group) {
				n += sc.measurements
			}
		}
	}
	return n
}

// measureFor returns how long a measurement takes: 3 s, or as many whole
// seconds, of which there is at least one, as leave a third of the limit for
// everything else.
func measureFor(o options, measurements int, limit time.Duration) time.Duration {
	if o.measure > 0 {
		return max(o.measure.Round(time.Second), time.Second)
	}
	if o.quick || measurements == 0 {
		return time.Second
	}
	fits := limit * 2 / 3 / time.Duration(measurements)
	return max(min(fits.Truncate(time.Second), 3*time.Second), time.Second)
}

// missing finds programs that are not there.
func (s *suite) missing() error {
	var missing []string
	for _, name := range []string{"nginx", "wrk", "h2load"} {
		_, err := exec.LookPath(name)
		if _, sbin := exec.LookPath("/usr/sbin/" + name); err != nil && sbin != nil {
			missing = append(missing, name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("%s: not found; hack/bench/install-deps installs what is needed", strings.Join(missing, ", "))
	}
	return nil
}

// run starts everything, goes through the scenarios, and ends everything.
func (s *suite) run(ctx context.Context) (err error) {
	began := time.Now()
	s.result.Began = began
	if s.dir, err = os.MkdirTemp("", "fairlead-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(s.dir)
	// Workers of an nginx that was started as root are not root.
	if err := os.Chmod(s.dir, 0o755); err != nil {
		return err
	}
	if s.world, err = server.NewWorld(s.dir, s.bin, s.origin); err != nil {
		return err
	}
	defer s.world.Close()
	defer s.stop()
	if err := s.start(ctx); err != nil {
		return err
	}
	for _, sc := range s.scenarios {
		if err := s.play(ctx, sc); err != nil {
			return fmt.Errorf("%s: %w", sc.name(), err)
		}
	}
	s.result.Seconds = time.Since(began).Round(time.Second).Seconds()
	s.result.Complete()
	return nil
}

// start starts all servers and waits until they answer.
func (s *suite) start(ctx context.Context) error {
	large := slices.ContainsFunc(s.scenarios, func(sc scenario) bool { return sc.many })
	for _, p := range s.peers {
		c := &contestant{Peer: p}
		s.contestants = append(s.contestants, c)
		var err error
		if c.one, err = server.Start(s.world, p, p.Name, s.hosts[:1]); err != nil {
			return err
		}
		if large {
			if c.many, err = server.Start(s.world, p, p.Name+"-many", s.hosts); err != nil {
				return err
			}
		}
	}
	for _, c := range s.contestants {
		for _, i := range []*server.Instance{c.one, c.many} {
			if i == nil {
				continue
			}
			if err := s.ready(ctx, i); err != nil {
				return err
			}
		}
		s.result.Servers = append(s.result.Servers, result.Server{Name: c.Name, Version: c.Version(ctx, s.bin)})
	}
	return nil
}

// ready waits until a server answers for its hosts.
func (s *suite) ready(ctx context.Context, i *server.Instance) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	targets := []load.Target{s.plain(i), s.secure(i, "localhost", load.Small)}
	for {
		err := verify(ctx, targets)
		if err == nil {
			return nil
		}
		if ended := errors.Join(i.Ended(), s.world.Ended()); ended != nil {
			return ended
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer: %w: %s", i.Name, err, i.Output())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func verify(ctx context.Context, targets []load.Target) error {
	for _, t := range targets {
		if err := t.Verify(ctx); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) stop() {
	for _, c := range s.contestants {
		for _, i := range []*server.Instance{c.one, c.many} {
			if i != nil {
				i.Stop()
			}
		}
	}
}

// machine describes where this runs.
func machine() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		release = []byte("unknown")
	}
	return fmt.Sprintf("%d CPUs (%s), %s %s, %s", runtime.NumCPU(), runtime.GOARCH, runtime.GOOS, strings.TrimSpace(string(release)), runtime.Version())
}
