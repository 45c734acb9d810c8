package dataplane

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/access"
	"fairlead.dev/fairlead/dataplane/certificate"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/limit"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/metrics"
	"fairlead.dev/fairlead/dataplane/probe"
	"fairlead.dev/fairlead/dataplane/proxy"
	"fairlead.dev/fairlead/dataplane/session"
)

// Plane is a data plane.
type Plane struct {
	cfg          Config
	engine       *proxy.Engine
	monitor      *health.Monitor
	certificates *certificate.Store
	sessions     *session.Store
	prober       *probe.Prober
	connections  *limit.Connections
	metrics      *metrics.Metrics
	log          *access.Log
	changed      chan struct{}
	redirectPort atomic.Int64

	// serving is the one pointer that a publish swaps.
	serving atomic.Pointer[serving]

	publishing sync.Mutex // one publish at a time
}

// New returns a Plane that serves the empty Snapshot. The error is that of the
// registration of metrics.
func New(cfg Config) (*Plane, error) {
	p := &Plane{cfg: cfg.withDefaults(), changed: make(chan struct{}, 1), log: access.NewLog(cfg.AccessLog)}
	p.redirectPort.Store(int64(cfg.RedirectPort))
	p.monitor = health.NewMonitor(health.Config{Changed: p.signal})
	p.connections = limit.NewConnections(limit.Config{Total: cfg.MaxConnections, PerAddress: cfg.MaxPerClient})
	p.certificates = certificate.NewStore(p.cfg.Secrets.Secret, p.signal, p.cfg.Logger)
	p.sessions = session.NewStore(p.cfg.Secrets.Secret, p.signal, p.cfg.Logger)
	p.prober = probe.New(probe.Config{
		Dial: p.dialCheck, Monitor: p.monitor, Log: p.cfg.Logger,
		Checked: func(passed bool) { p.metrics.Checked(passed) },
	})
	empty, _, err := live.Build(nil, &snapshot.Snapshot{})
	if err != nil {
		panic("dataplane: the empty snapshot: " + err.Error())
	}
	p.serving.Store(&serving{world: empty})
	p.engine = proxy.New(proxy.Config{
		World: func() *live.World { return p.serving.Load().world }, Dial: p.dial, Monitor: p.monitor,
		Begin: func() { p.metrics.Begin() }, Done: p.done, HTTPSPort: func() int { return int(p.redirectPort.Load()) },
		Refused:        func(reason string) { p.metrics.Refused(reason) },
		Mirrored:       func(result string) { p.metrics.Mirrored(result) },
		Info:           cfg.Info,
		Sessions:       p.sessions.Ring,
		TrustedProxies: cfg.TrustedProxies, Limits: cfg.Limits, MaxReplay: cfg.MaxReplay, Log: p.cfg.Logger,
	})
	p.metrics, err = metrics.New(cfg.Metrics, state{p})
	return p, err
}

// Publish makes s what is served. It fails only before it has changed anything,
// and does nothing if s is served already. Certificates that are not there yet
// are no failure: see Report.
func (p *Plane) Publish(ctx context.Context, s *snapshot.Snapshot) error {
	p.publishing.Lock()
	defer p.publishing.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("publish snapshot %s: %w", s.Version, err)
	}
	last := p.serving.Load()
	if s.Version != "" && s.Version == last.world.Snapshot.Version {
		return nil
	}
	world, change, err := live.Build(last.world, s)
	p.metrics.Published(err)
	if err != nil {
		return fmt.Errorf("publish snapshot %s: %w", s.Version, err)
	}
	p.certificates.Sync(s.Certificates)
	p.sessions.Sync(s.SessionKeys)
	p.trust(world)
	p.serving.Store(last.next(world, p.certificates))
	change.Apply(p.monitor)
	p.prober.Sync(world)
	for _, key := range change.Gone {
		p.metrics.Forget(key)
	}
	p.cfg.Logger.Info("snapshot published", "version", s.Version, "routes", len(s.Routes), "backends", len(s.Backends), "certificates", len(s.Certificates))
	p.signal()
	return nil
}

// trust gives Backends over TLS that are new what they are spoken to with.
func (p *Plane) trust(w *live.World) {
	for i := range w.Snapshot.Backends {
		spec := &w.Snapshot.Backends[i]
		if b := w.Backend(spec.ID); spec.TLS != nil && b.Trust == nil {
			b.Trust = p.certificates.NewTrust(spec.TLS)
		}
	}
}

// Report says what is served, and how.
func (p *Plane) Report() snapshot.Report {
	p.publishing.Lock()
	defer p.publishing.Unlock()
	return snapshot.Report{
		Plane: p.cfg.Name, Version: p.serving.Load().world.Snapshot.Version,
		Certificates: p.certificates.Reports(), Ejected: p.monitor.Ejected(), Sessions: p.sessions.Ring() != nil,
	}
}

// Changed receives a value when the Report may have changed or a connect to an
// Endpoint has failed. Several of these may make one value.
func (p *Plane) Changed() <-chan struct{} { return p.changed }

func (p *Plane) signal() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// World returns what is served now, for those who explain it.
func (p *Plane) World() *live.World { return p.serving.Load().world }

func (p *Plane) done(r *access.Record, counts *live.Counts) {
	p.metrics.Done(r, counts)
	p.log.Write(r)
}

// state is what metrics read.
type state struct{ p *Plane }

func (s state) Endpoints() (all, ejected int) {
	backends := s.p.serving.Load().world.Snapshot.Backends
	for i := range backends {
		all += len(backends[i].Endpoints)
	}
	return all, len(s.p.monitor.Ejected())
}

func (s state) Certificates() []snapshot.CertificateReport { return s.p.certificates.Reports() }

// since returns the seconds since a time, as the access log has them.
func since(t time.Time) float64 { return time.Since(t).Seconds() }
