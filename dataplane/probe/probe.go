// Package probe asks Endpoints how they are, where a Route wants that.
//
// A Prober has a target for each Endpoint of the Backends with a check. Routes that
// check the same thing alike share a Backend, and so its targets. Between two checks
// a target is nothing but a timer; the first check comes at a random time within the
// interval, and each interval is a tenth longer or shorter, so that the checks of many
// targets spread. As many checks in a row as the Route says have to fail before the
// health.Monitor hears that the Endpoint is down, and one that does not puts it back.
// An Endpoint that was not checked yet is good.
//
// A check dials as requests do, through Tenders, and makes a connection for itself
// alone: one that is kept would say nothing of new ones.
//
//	probe  when to check, and what follows
//	check  what is asked: HTTP, TCP
//	grpc   what is asked by gRPC's own health protocol
package probe

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/live"
)

// Config is what a Prober needs.
type Config struct {
	// Dial connects to an Endpoint, by TLS with Protocols where that is how it is
	// spoken to, and tells nobody how that went.
	Dial    func(ctx context.Context, e *live.Endpoint) (net.Conn, error)
	Monitor *health.Monitor
	// Checked counts checks; it is called by several goroutines.
	Checked func(passed bool)
	Log     *slog.Logger
}

// Prober checks Endpoints while it runs.
type Prober struct {
	cfg    Config
	checks sync.WaitGroup

	mu      sync.Mutex // guards following
	targets map[*live.Endpoint]*target
	// running is the context of Run, nil outside.
	running context.Context
}

// target is an Endpoint that is checked.
type target struct {
	endpoint *live.Endpoint
	check    *snapshot.HealthCheck
	// timer starts the next check; nil while nothing is to be checked. The Prober's
	// mutex guards it.
	timer *time.Timer
	// failed counts the checks in a row that did; one check runs at a time.
	failed int
}

// New returns a Prober without targets.
func New(cfg Config) *Prober { return &Prober{cfg: cfg, targets: map[*live.Endpoint]*target{}} }

// Sync makes the targets the Endpoints of w. Those that stay go on as they were.
func (p *Prober) Sync(w *live.World) {
	p.mu.Lock()
	defer p.mu.Unlock()
	next := map[*live.Endpoint]*target{}
	for b := range w.Checked {
		for _, e := range b.Endpoints() {
			if next[e] = p.targets[e]; next[e] == nil {
				next[e] = &target{endpoint: e, check: b.Check}
				p.start(next[e])
			}
		}
	}
	for e, t := range p.targets {
		if next[e] == nil {
			t.stop()
		}
	}
	p.targets = next
}

// Run checks until ctx ends.
func (p *Prober) Run(ctx context.Context) error {
	p.mu.Lock()
	p.running = ctx
	for _, t := range p.targets {
		p.start(t)
	}
	p.mu.Unlock()
	<-ctx.Done()
	p.mu.Lock()
	p.running = nil
	for _, t := range p.targets {
		t.stop()
	}
	p.mu.Unlock()
	p.checks.Wait()
	return nil
}

// start begins to check, where Run is running. The mutex is held.
func (p *Prober) start(t *target) {
	if p.running != nil {
		t.timer = time.AfterFunc(rand.N(t.check.Interval+1), func() { p.look(t) })
	}
}

// stop ends the checks; one that is under way may still come to its end. The mutex
// is held.
func (t *target) stop() {
	if t.timer != nil {
		t.timer.Stop()
		t.timer = nil
	}
}

// look makes one check, and the time of the next.
func (p *Prober) look(t *target) {
	p.mu.Lock()
	ctx := p.running
	if ctx == nil || t.timer == nil {
		p.mu.Unlock()
		return
	}
	p.checks.Add(1)
	p.mu.Unlock()
	defer p.checks.Done()
	limit, cancel := context.WithTimeout(ctx, t.check.Timeout)
	err := p.ask(limit, t)
	cancel()
	if ctx.Err() == nil {
		p.judge(t, err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.timer != nil {
		t.timer.Reset(t.check.Interval*9/10 + rand.N(t.check.Interval/5+1))
	}
}

// judge tells what follows from a check.
func (p *Prober) judge(t *target, err error) {
	p.cfg.Checked(err == nil)
	e, limit := t.endpoint, t.check.MaxFails
	log := p.cfg.Log.With("backend", e.Backend.Name(), "endpoint", e.ID, "address", e.Address)
	if err == nil {
		if limit > 0 && t.failed >= limit {
			log.Info("endpoint passes its checks again")
		}
		t.failed = 0
		p.cfg.Monitor.Check(&e.Health, e.ID, true)
		return
	}
	log.Debug("check failed", "error", err)
	if t.failed++; limit > 0 && t.failed >= limit {
		if t.failed == limit {
			log.Warn("endpoint fails its checks", "failed", t.failed, "error", err)
		}
		p.cfg.Monitor.Check(&e.Health, e.ID, false)
	}
}
