package main

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

// A data plane's Report is written when it changed, at most once in reportGap,
// and every reportBeat all the same. A process whose Report was not written for
// reportDead is gone; of a task Swarm itself says whether it runs.
const (
	reportGap  = 500 * time.Millisecond
	reportBeat = time.Minute
	reportDead = 3 * time.Minute
)

// planes shares the Reports of all data planes: it writes ours and reads the
// others'.
type planes struct {
	home   swarm.Home
	own    func() snapshot.Report
	served func() *snapshot.Snapshot
	direct *store.Planes // the API
	cached *store.Planes // what the observer listed last
	logger *slog.Logger

	others atomic.Pointer[[]snapshot.Report]
	left   atomic.Pointer[[]string] // nodes with a Report that are not in the swarm any more
	seen   map[string]seenReport    // by node; only Observe's goroutine uses it
	wake   chan struct{}
}

// seenReport is a version of a Report and since when we see it.
type seenReport struct {
	version uint64
	since   time.Time
}

// changed says that our Report may be another.
func (p *planes) changed() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// refresh reads the Reports of the other data planes that live.
func (p *planes) refresh(ctx context.Context, w *plan.World) error {
	records, err := p.cached.List(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	var others []snapshot.Report
	var left []string
	seen := make(map[string]seenReport, len(records))
	for _, r := range records {
		if r.Node == p.home.NodeID {
			continue
		}
		if !isMember(w, r.Node) {
			left = append(left, r.Node)
			continue
		}
		s, ok := p.seen[r.Node]
		if !ok || s.version != r.Version {
			s = seenReport{r.Version, now}
		}
		seen[r.Node] = s
		if lives(r, w, now.Sub(s.since)) {
			others = append(others, p.whole(r.Report))
		}
	}
	p.seen = seen
	p.others.Store(&others)
	p.left.Store(&left)
	return nil
}

func isMember(w *plan.World, node string) bool {
	return slices.ContainsFunc(w.Nodes, func(n plan.Node) bool { return n.ID == node })
}

// removeLeft removes the Reports of nodes that have left the swarm.
func (p *planes) removeLeft(ctx context.Context) {
	left := p.left.Load()
	if left == nil {
		return
	}
	for _, node := range *left {
		if err := p.direct.Remove(ctx, node); err != nil {
			p.logger.Debug("report of a node that left was not removed", "node", node, "error", err)
		}
	}
}

// lives says whether the data plane of a Report is there still.
func lives(r store.PlaneRecord, w *plan.World, unchanged time.Duration) bool {
	for _, n := range w.Nodes {
		if n.ID == r.Node && !n.Ready {
			return false
		}
	}
	if r.Task == "" {
		return unchanged < reportDead
	}
	for _, t := range w.Tasks {
		if t.ID == r.Task {
			return t.Running
		}
	}
	return false
}

// whole puts the Certificates back that the stored Report leaves out, where the
// data plane serves what we serve.
func (p *planes) whole(r snapshot.Report) snapshot.Report {
	s := p.served()
	if s == nil || s.Version != r.Version {
		return r
	}
	told := make(map[string]bool, len(r.Certificates))
	for _, c := range r.Certificates {
		told[c.ID] = true
	}
	for _, c := range s.Certificates {
		if !told[c.ID] {
			r.Certificates = append(r.Certificates, snapshot.CertificateReport{ID: c.ID, State: snapshot.CertificateLoaded})
		}
	}
	return r
}

// reports are ours and the others'.
func (p *planes) reports() []snapshot.Report {
	all := []snapshot.Report{p.own()}
	if others := p.others.Load(); others != nil {
		all = append(all, *others...)
	}
	return all
}

// Run writes our Report until ctx ends, and removes it then.
func (p *planes) Run(ctx context.Context) error {
	beat := time.NewTicker(reportBeat)
	defer beat.Stop()
	for {
		// A conflict is with the process here before us, which took its Report
		// away, or wrote it, at its end.
		if err := p.direct.Write(ctx, p.home.NodeID, p.home.TaskID, p.own()); err != nil && ctx.Err() == nil {
			p.logger.Debug("report was not written", "error", err)
			p.changed()
		}
		select {
		case <-ctx.Done():
			return p.leave(ctx)
		case <-time.After(reportGap):
		}
		select {
		case <-ctx.Done():
			return p.leave(ctx)
		case <-p.wake:
		case <-beat.C:
			p.removeLeft(ctx)
		}
	}
}

func (p *planes) leave(ctx context.Context) error {
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
	defer cancel()
	if err := p.direct.Remove(last, p.home.NodeID); err != nil {
		p.logger.Debug("report was not removed", "error", err)
	}
	return ctx.Err()
}

// observer observes the swarm, and with it what the other data planes say. What
// it sees is told to services.
type observer struct {
	*swarm.Observer
	planes   *planes
	services *services
}

// Observe returns what the swarm is now.
func (o observer) Observe(ctx context.Context) (plan.World, error) {
	w, err := o.Observer.Observe(ctx)
	if err != nil {
		return w, err
	}
	o.services.see(w)
	return w, o.planes.refresh(ctx, &w)
}
