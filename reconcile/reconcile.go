// Package reconcile is the loop that makes the swarm's data planes serve what
// people declared: observe → plan → publish → act → report.
//
// It is level-triggered. A pass looks at everything as it is now, never at what
// changed, so a lost event costs time and nothing else, and the retry of a
// failed pass is the next pass. The decision itself is package plan's; this
// package only gathers its Input and carries its Plan out, through the small
// interfaces below.
//
//	          Wake (Trigger.Set)          Resync, or Fast while something moves
//	                 └────────► Settle ◄───────┘
//	                               │
//	Source.Objects, Observer.Observe, Publisher.Reports
//	                               │
//	                       Decision.Next
//	                               │
//	                       Publisher.Publish
//	                               │
//	                         Decision.Plan
//	                               │
//	                  Actor.Act ─► Reporter.Report
//
// A pass that sees what the last one saw goes by the last one's Plan.
//
// Where Docker fails, the pass ends with an error and nothing is published: the
// last Snapshot goes on being served.
package reconcile

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/reconcile/plan"
)

// Source gives the objects that people applied, all of them. The caller does
// not edit them.
type Source interface {
	Objects(ctx context.Context) ([]*plan.Object, error)
	// Issuers are those that the same look at the store found.
	Issuers() []plan.IssuerObject
	// Certificates are those, likewise.
	Certificates() []plan.CertificateObject
}

// Observer says what Swarm is now. An error means that it could not be seen,
// never that it is empty. The caller does not edit the World.
type Observer interface {
	Observe(ctx context.Context) (plan.World, error)
}

// Publisher is the data planes. Publish is idempotent, does not wait for
// connections to end, and leaves the Snapshot before in place where it fails.
type Publisher interface {
	Publish(ctx context.Context, s *snapshot.Snapshot) error
	Reports() []snapshot.Report
}

// Actor carries one Action out. It is idempotent: what is done already is no error.
type Actor interface {
	Act(ctx context.Context, a plan.Action) error
}

// Reporter stores statuses; it is given only those that changed. One that was
// changed by someone else meanwhile is left for the next pass.
type Reporter interface {
	Report(ctx context.Context, statuses []plan.Status) error
}

// Config is what a Reconciler is made of. Source, Observer, Publisher and
// Reporter are required.
type Config struct {
	Source    Source
	Observer  Observer
	Publisher Publisher
	Actor     Actor // required where Tenders is given, or a Rule keeps sessions
	Reporter  Reporter
	// Tenders is the Input's; nil where there are none.
	Tenders *plan.TenderSpec
	// Cluster is the Input's: the service cluster of the data planes.
	Cluster string
	// Trigger wakes the loop; New makes one where it is nil.
	Trigger *Trigger
	// Settle is the pause after a Wake, for what comes together with it; 1 ms by
	// default, none where it is negative, because who wakes has waited already.
	Settle time.Duration
	// Gap is the least time from a pass that a Wake asked for to the next one,
	// so that a storm is gathered; 100 ms by default.
	Gap time.Duration
	// Fast is the time to the next pass while something moves; 200 ms by default.
	Fast time.Duration
	// Resync is the time to the next pass otherwise; 1 s by default.
	Resync time.Duration
	// MaxBackoff bounds the time to the next pass after failures; 5 s by default.
	MaxBackoff time.Duration
	// Now is time.Now by default.
	Now func() time.Time
	// OnPass is told of every pass, from the loop's goroutine; nil tells nobody.
	OnPass func(Pass)
	Logger *slog.Logger
}

// Pass says how one pass went.
type Pass struct {
	// Start is when it started, Duration how long it took.
	Start    time.Time
	Duration time.Duration
	// Plan is what came out; nil where nothing could be observed.
	Plan *plan.Plan
	Err  error
}

// Reconciler is the loop. Make one with New.
type Reconciler struct {
	Config
	trouble troubleLog
	last    *planned
	// decision is the last one, which the next one is made of; nil before the first.
	decision *plan.Decision
}

// planned is a Plan with what it was made from.
type planned struct {
	in   plan.Input
	plan plan.Plan
}

// planAge is how old a Plan may become while nothing changes but the time, on
// which only what is said of the ends of certificates depends.
const planAge = time.Minute

// New returns a Reconciler. Run starts it.
func New(c Config) *Reconciler {
	defaults(&c)
	return &Reconciler{Config: c, trouble: troubleLog{logger: c.Logger}}
}

func defaults(c *Config) {
	orDefault(&c.Settle, time.Millisecond)
	orDefault(&c.Gap, 100*time.Millisecond)
	orDefault(&c.Fast, 200*time.Millisecond)
	orDefault(&c.Resync, time.Second)
	orDefault(&c.MaxBackoff, 5*time.Second)
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Trigger == nil {
		c.Trigger = NewTrigger()
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.OnPass == nil {
		c.OnPass = func(Pass) {}
	}
}

func orDefault(d *time.Duration, value time.Duration) {
	if *d == 0 {
		*d = value
	}
}

// Run makes passes until ctx ends. It returns ctx's error.
func (r *Reconciler) Run(ctx context.Context) error {
	var failures int
	next := time.NewTimer(0)
	defer next.Stop()
	for {
		var gap time.Duration
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-r.Trigger.C():
			gap = r.Gap
			if !sleep(ctx, r.Settle) {
				return ctx.Err()
			}
		case <-next.C:
		}
		pass := r.pass(ctx)
		failures++
		if pass.Err == nil {
			failures = 0
		}
		next.Reset(r.wait(pass, failures))
		if !sleep(ctx, gap) {
			return ctx.Err()
		}
	}
}

// pass is one Reconcile, timed, reported and logged.
func (r *Reconciler) pass(ctx context.Context) Pass {
	start := r.Now()
	p, err := r.Reconcile(ctx)
	pass := Pass{Start: start, Duration: r.Now().Sub(start), Plan: p, Err: err}
	r.OnPass(pass)
	if ctx.Err() == nil {
		r.trouble.report(err)
	}
	return pass
}

// wait is the time to the next pass where nothing wakes the loop before.
func (r *Reconciler) wait(pass Pass, failures int) time.Duration {
	switch {
	case failures > 0:
		return min(r.MaxBackoff, r.Fast<<min(failures-1, 10))
	case pass.Plan.Moving:
		return r.Fast
	}
	return r.Resync
}

// Reconcile makes one pass. The Plan is nil where the World or the objects
// could not be seen; other failures are returned beside it.
func (r *Reconciler) Reconcile(ctx context.Context) (*plan.Plan, error) {
	in, err := r.gather(ctx)
	if err != nil {
		return nil, err
	}
	p, err := r.plan(ctx, in)
	if err != nil {
		return p, err
	}
	return p, errors.Join(r.act(ctx, p.Actions), r.report(ctx, p.Statuses))
}

func (r *Reconciler) gather(ctx context.Context) (plan.Input, error) {
	objects, err := r.Source.Objects(ctx)
	if err != nil {
		return plan.Input{}, fmt.Errorf("read objects: %w", err)
	}
	world, err := r.Observer.Observe(ctx)
	if err != nil {
		return plan.Input{}, fmt.Errorf("observe swarm: %w", err)
	}
	return plan.Input{
		Now: r.Now(), Objects: objects, Issuers: r.Source.Issuers(), Certificates: r.Source.Certificates(),
		World: world, Reports: r.Publisher.Reports(), Tenders: r.Tenders, Cluster: r.Cluster,
	}, nil
}

// plan makes the Plan, and publishes its Snapshot in the midst of that: as soon
// as it is known, and before statuses are made, so that they speak of now.
func (r *Reconciler) plan(ctx context.Context, in plan.Input) (*plan.Plan, error) {
	if r.stands(&in) {
		return &r.last.plan, nil
	}
	decision := r.decision.Next(in)
	if r.last != nil && r.last.plan.Snapshot.Version == decision.Snapshot.Version {
		decision.Snapshot = r.last.plan.Snapshot // one in memory is enough
	}
	r.decision = decision
	err := r.publish(ctx, &in, decision.Snapshot)
	r.last = &planned{in, decision.Plan(in.Reports)}
	return &r.last.plan, err
}

// stands says whether the last Plan is that of in, too, and served.
func (r *Reconciler) stands(in *plan.Input) bool {
	return r.last != nil && in.Same(&r.last.in) && in.Now.Sub(r.last.in.Now).Abs() < planAge &&
		(r.last.plan.Due.IsZero() || in.Now.Before(r.last.plan.Due)) &&
		served(in.Reports, r.last.plan.Snapshot.Version)
}

// publish hands the Snapshot to the data planes that do not serve it yet, and
// takes in what they say then.
func (r *Reconciler) publish(ctx context.Context, in *plan.Input, s *snapshot.Snapshot) error {
	if served(in.Reports, s.Version) {
		return nil
	}
	if err := r.Publisher.Publish(ctx, s); err != nil {
		return fmt.Errorf("publish snapshot %.8s: %w", s.Version, err)
	}
	in.Reports = r.Publisher.Reports()
	return nil
}

func served(reports []snapshot.Report, version string) bool {
	for _, report := range reports {
		if report.Version != version {
			return false
		}
	}
	return len(reports) > 0
}

// act takes every Action; one that fails does not keep the next from being taken.
func (r *Reconciler) act(ctx context.Context, actions []plan.Action) error {
	var errs []error
	for _, a := range actions {
		if err := r.Actor.Act(ctx, a); err != nil {
			errs = append(errs, err)
			continue
		}
		switch {
		case a.CreateSecret != nil:
			r.Logger.Info("created secret", "secret", a.CreateSecret.Name)
		case a.RemoveSecret != nil:
			r.Logger.Info("removed secret", "secret", a.RemoveSecret.Name)
		case a.CreateTender != nil:
			r.Logger.Info("created tender", "tender", a.CreateTender.Name, "network", a.CreateTender.Network, "secrets", len(a.CreateTender.Secrets))
		case a.RemoveTender != nil:
			r.Logger.Info("removed tender", "tender", a.RemoveTender.Name)
		}
	}
	return errors.Join(errs...)
}

func (r *Reconciler) report(ctx context.Context, statuses []plan.Status) error {
	var changed []plan.Status
	for _, s := range statuses {
		if s.Changed {
			changed = append(changed, s)
		}
	}
	if len(changed) == 0 {
		return nil
	}
	if err := r.Reporter.Report(ctx, changed); err != nil {
		return fmt.Errorf("report statuses: %w", err)
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
