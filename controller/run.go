package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"golang.org/x/sync/errgroup"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/controller/admin"
	"fairlead.dev/fairlead/controller/certs"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/dataplane"
	"fairlead.dev/fairlead/dataplane/lastgood"
	"fairlead.dev/fairlead/dataplane/tender"
	"fairlead.dev/fairlead/reconcile"
)

// instance is one `fairlead run`: an operator with its data plane.
type instance struct {
	options  runOptions
	logger   *slog.Logger
	registry *prometheus.Registry
	metrics  *metrics
	plane    *dataplane.Plane
	trigger  *reconcile.Trigger
	served   atomic.Pointer[snapshot.Snapshot]
	objects  atomic.Pointer[objects]
	observer atomic.Pointer[swarm.Observer]
	planes   atomic.Pointer[planes]
}

// run runs until ctx ends, then drains.
func run(ctx context.Context, o runOptions) error {
	i := &instance{options: o, logger: o.logger(), registry: prometheus.NewRegistry(), trigger: reconcile.NewTrigger()}
	i.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	i.metrics = newMetrics(i.registry)
	if o.standalone {
		return i.runStandalone(ctx)
	}
	return i.runSwarm(ctx)
}

// runStandalone serves a directory of manifests, with files for secrets.
func (i *instance) runStandalone(ctx context.Context) error {
	secrets := &certs.Generated{Directory: &certs.Directory{Path: i.options.secrets}, Own: filepath.Join(i.options.stateDir, "secrets")}
	if err := i.newPlane(nil, secrets); err != nil {
		return err
	}
	directory := store.NewDirectory(i.options.manifests, i.logger)
	o := &objects{store: directory}
	i.objects.Store(o)
	always := func() bool { return true }
	s := newStatuses(o, always, func() {}, i.logger)
	r := i.reconciler(reconcile.Config{
		Source: o, Observer: secrets, Actor: secrets, Reporter: s, Cluster: i.options.cluster,
		Settle: -1, // the directory gathers
	})
	prune := func(ctx context.Context) error { return i.prune(ctx, directory.Prune, always) }
	return i.runAll(ctx, directory.Run, s.Run, r.Run, prune, i.forward(directory.Changed(), i.trigger.Set))
}

// runSwarm serves the Routes of the swarm. What was served last is served at
// once, even where the Docker API does not answer; the rest follows when it does.
func (i *instance) runSwarm(ctx context.Context) error {
	if err := makeStateDir(i.options.stateDir); err != nil {
		return err
	}
	client, err := swarm.Connect(swarm.Options{Host: i.options.host, Context: i.options.context, OnCall: i.metrics.onCall})
	if err != nil {
		return err
	}
	defer client.Close()
	pool := &tender.Pool{Dir: i.options.stateDir, Logger: i.logger}
	defer pool.Close()
	if err := i.newPlane(pool, pool); err != nil {
		return err
	}
	i.restore(ctx)
	keeper := &lastgood.Keeper{Path: i.snapshotPath(), Interval: time.Second, Served: i.served.Load, Logger: i.logger}
	return i.runAll(ctx, keeper.Run, func(ctx context.Context) error { return i.operate(ctx, client, pool) })
}

func makeStateDir(dir string) error {
	path, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if len(path) > tender.MaxDir {
		return fmt.Errorf("--state-dir: the path %s is longer than %d bytes, too long for the sockets in it", path, tender.MaxDir)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("--state-dir: %w", err)
	}
	return nil
}

func (i *instance) snapshotPath() string { return filepath.Join(i.options.stateDir, "snapshot.json") }

// restore publishes what was served last.
func (i *instance) restore(ctx context.Context) {
	s, err := lastgood.Load(i.snapshotPath())
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		err = i.Publish(ctx, s)
	}
	if err != nil {
		i.logger.Warn("what was served last cannot be served again", "error", err)
		return
	}
	i.logger.Info("serving what was served last", "version", s.Version, "routes", len(s.Routes))
}

// newPlane makes the data plane. A nil dialer dials directly.
func (i *instance) newPlane(dialer dataplane.Dialer, secrets dataplane.Secrets) error {
	c := i.options.planeConfig()
	c.Dialer, c.Secrets, c.Logger, c.Metrics = dialer, secrets, i.logger, i.registry
	plane, err := dataplane.New(c)
	if err != nil {
		return err
	}
	i.plane = plane
	return nil
}

func (i *instance) reconciler(c reconcile.Config) *reconcile.Reconciler {
	c.Publisher, c.Trigger, c.OnPass, c.Logger = i, i.trigger, i.metrics.onPass, i.logger
	return reconcile.New(c)
}

// Publish hands s to the data plane.
func (i *instance) Publish(ctx context.Context, s *snapshot.Snapshot) error {
	if err := i.plane.Publish(ctx, s); err != nil {
		return err
	}
	i.served.Store(s)
	if p := i.planes.Load(); p != nil {
		p.changed()
	}
	return nil
}

// Reports is what the data planes say, ours first.
func (i *instance) Reports() []snapshot.Report {
	if p := i.planes.Load(); p != nil {
		return p.reports()
	}
	return []snapshot.Report{i.plane.Report()}
}

// forward calls to for everything that arrives on from.
func (i *instance) forward(from <-chan struct{}, to func()) func(context.Context) error {
	return func(ctx context.Context) error {
		for {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-from:
				to()
			}
		}
	}
}

// runAll runs the data plane, the admin interface and parts until ctx ends.
// The data plane goes on until it has drained.
func (i *instance) runAll(ctx context.Context, parts ...func(context.Context) error) error {
	listener, err := net.Listen("tcp", i.options.admin)
	if err != nil {
		return fmt.Errorf("admin interface: %w", err)
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, part := range append(parts, i.plane.Run, i.adminServer(listener).Run, returnMemory) {
		group.Go(func() error { return part(ctx) })
	}
	if err := group.Wait(); !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

func (i *instance) adminServer(listener net.Listener) *admin.Server {
	return &admin.Server{
		Listener: listener,
		Ready:    func() (bool, string) { return i.metrics.ready(i.served.Load() != nil) },
		Objects:  func() any { return viewObjects(i.objects.Load()) },
		Snapshot: i.served.Load,
		Report:   i.plane.Report,
		Events: func() any {
			if o := i.observer.Load(); o != nil {
				return o.Recent()
			}
			return []swarm.Event{}
		},
		Metrics: i.registry,
		Logger:  i.logger,
	}
}
