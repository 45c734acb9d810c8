package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

const (
	// leaseName is the config that the Lease stands in, LabelLease what marks it.
	leaseName = "fairlead.lease"
	// LabelLease marks the Lease's config; its value is the holder, "" for nobody.
	LabelLease = "fairlead.dev/lease"
	// LabelRenewed counts the holder's renewals: each is another version.
	LabelRenewed = "fairlead.dev/renewed"
)

// Lease is the right to do what only one instance may do. It stands in the
// labels of one config and is taken, renewed and given back by compare-and-swap.
//
// No clock is compared with another machine's: who waits takes the Lease when it
// has seen no renewal for Duration by its own clock, and who holds it counts
// from before its last renewal. So there are never two that believe to hold it,
// as long as clocks run equally fast.
type Lease struct {
	api    API
	holder string
	o      LeaseOptions

	mu sync.Mutex // guards following
	// until is how long we hold it; zero if we do not.
	until time.Time
	// version is the newest that we saw, and since when we see it.
	version uint64
	since   time.Time
}

// LeaseOptions are what a Lease can do without.
type LeaseOptions struct {
	// Cluster is the service cluster whose Lease it is; empty for that of all.
	Cluster string
	// Duration is how long a Lease lasts without a renewal; 0 is one minute. Run
	// renews it three times in that.
	Duration time.Duration
	// Changed receives a value when the Lease may have changed, so that one that
	// is given back is taken at once; where it is nil, that takes until the next
	// renewal is due.
	Changed <-chan struct{}
	// Now is the clock; nil is the machine's.
	Now func() time.Time
	// Logger is told when the Lease is taken and lost; nil discards.
	Logger *slog.Logger
}

// NewLease returns a Lease that is not held. The holder names this instance. One
// that starts again under its name has its Lease back at once, so two that run
// must not share a name.
func NewLease(api API, holder string, o LeaseOptions) *Lease {
	o.Duration = cmp.Or(o.Duration, time.Minute)
	o.Logger = cmp.Or(o.Logger, slog.New(slog.DiscardHandler))
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Lease{api: api, holder: holder, o: o}
}

// Held says whether we hold the Lease now.
func (l *Lease) Held() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.o.Now().Before(l.until)
}

// Run takes and renews the Lease until ctx ends, and gives it back then.
func (l *Lease) Run(ctx context.Context) error {
	tick := time.NewTicker(l.o.Duration / 3)
	defer tick.Stop()
	troubled := false
	for {
		_, err := l.Try(ctx)
		if err != nil && !troubled && ctx.Err() == nil {
			l.o.Logger.Warn("lease cannot be reached", "holder", l.holder, "error", err)
		}
		troubled = err != nil
		if !l.await(ctx, tick.C) {
			ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
			defer cancel()
			return l.Release(ctx)
		}
	}
}

// await waits until the Lease is to be looked at. Our own renewals are changes
// too, so who holds it waits for the tick. It reports false when ctx has ended.
func (l *Lease) await(ctx context.Context, tick <-chan time.Time) bool {
	for {
		select {
		case <-ctx.Done():
			return false
		case <-tick:
			return true
		case <-l.o.Changed:
			if !l.Held() {
				return true
			}
		}
	}
}

// Try takes the Lease if it is free, renews it if it is ours, and says whether
// we hold it. To lose a race is no error. An error leaves a Lease that we hold
// ours until it runs out.
func (l *Lease) Try(ctx context.Context) (bool, error) {
	started, before := l.o.Now(), l.Held()
	err := l.try(ctx, started)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		err = nil
	}
	held := l.Held()
	if held != before {
		l.o.Logger.Info("lease taken or lost", "holder", l.holder, "held", held)
	}
	return held, err
}

func (l *Lease) try(ctx context.Context, started time.Time) error {
	current, err := l.look(ctx)
	switch {
	case err != nil:
		return err
	case current == nil:
		_, err = l.api.CreateConfig(ctx, l.name(), l.labels(0), []byte("The lease of Fairlead, in the labels.\n"))
	case l.free(*current, started):
		renewed := number(current.Labels[LabelRenewed]) + 1
		err = l.api.UpdateConfigLabels(ctx, current.ID, current.Version, l.labels(renewed))
	default:
		l.hold(time.Time{})
		return nil
	}
	if err != nil {
		if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
			l.hold(time.Time{})
		}
		return err
	}
	l.hold(started.Add(l.o.Duration - l.o.Duration/10))
	return nil
}

// look returns the Lease's config, nil if there is none.
func (l *Lease) look(ctx context.Context) (*Config, error) {
	configs, err := l.api.ListConfigs(ctx, LabelLease)
	if err != nil {
		return nil, fmt.Errorf("look at the lease: %w", err)
	}
	for _, c := range configs {
		if c.Name == l.name() {
			return &c, nil
		}
	}
	return nil, nil
}

func (l *Lease) name() string { return inCluster(leaseName, l.o.Cluster) }

// free says whether we may take the Lease: it is ours or nobody's, or its holder
// has not renewed it for its whole duration.
func (l *Lease) free(c Config, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c.Version != l.version || l.since.IsZero() {
		l.version, l.since = c.Version, now
	}
	holder := c.Labels[LabelLease]
	return holder == l.holder || holder == "" || now.Sub(l.since) >= l.o.Duration
}

func (l *Lease) hold(until time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.until = until
}

func (l *Lease) labels(renewed int64) map[string]string {
	return map[string]string{LabelLease: l.holder, LabelRenewed: strconv.FormatInt(renewed, 10)}
}

// Release gives the Lease back, if it is ours, so that nobody has to wait.
func (l *Lease) Release(ctx context.Context) error {
	if !l.Held() {
		return nil
	}
	l.hold(time.Time{})
	current, err := l.look(ctx)
	if err != nil || current == nil || current.Labels[LabelLease] != l.holder {
		return err
	}
	labels := map[string]string{LabelLease: "", LabelRenewed: current.Labels[LabelRenewed]}
	err = l.api.UpdateConfigLabels(ctx, current.ID, current.Version, labels)
	if errors.Is(err, ErrConflict) || errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}
