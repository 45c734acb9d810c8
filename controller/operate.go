package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"fairlead.dev/fairlead/controller/issue"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/dataplane"
	"fairlead.dev/fairlead/reconcile"
	"fairlead.dev/fairlead/reconcile/plan"
)

// operate is the operator: it waits for the API, and then reconciles.
func (i *instance) operate(ctx context.Context, client *swarm.Client, secrets dataplane.Secrets) error {
	home, err := i.findHome(ctx, client)
	if err != nil {
		return err
	}
	if i.options.cluster != "" && home.TaskID == "" {
		home.Tenders.Scope += "." + i.options.cluster // two processes on one node have a folder each
	}
	i.logger.Info("operating", "node", home.NodeID, "scope", home.Tenders.Scope, "tender_image", home.Tenders.Image)
	seen := swarm.NewObserver(client, home.Attached, i.trigger.Set, i.logger)
	i.observer.Store(seen)
	api := cachedConfigs{client, seen}
	configs := store.NewConfigs(api, store.ConfigsOptions{})
	o := &objects{store: configs}
	i.objects.Store(o)
	shared := &planes{
		home: home, own: i.plane.Report, served: i.served.Load, logger: i.logger, wake: make(chan struct{}, 1),
		direct: store.NewPlanes(client, i.options.cluster), cached: store.NewPlanes(api, i.options.cluster),
	}
	i.planes.Store(shared)
	lease := i.newLease(api, home, seen, "")
	ofCluster := lease // what is each cluster's own to do
	if i.options.cluster != "" {
		ofCluster = i.newLease(api, home, seen, i.options.cluster)
	}
	s := newStatuses(o, ofCluster.Held, seen.ConfigsChanged, i.logger)
	services := newServices(i.logger)
	r := i.reconciler(reconcile.Config{Source: o, Observer: observer{seen, shared, services}, Actor: actor{client, seen, secrets}, Reporter: s, Tenders: &home.Tenders, Cluster: i.options.cluster})

	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return seen.Run(ctx) })
	group.Go(func() error { return shared.Run(ctx) })
	group.Go(func() error { return lease.Run(ctx) })
	if ofCluster != lease {
		group.Go(func() error { return ofCluster.Run(ctx) })
	}
	group.Go(func() error { return s.Run(ctx) })
	group.Go(func() error { return r.Run(ctx) })
	direct := store.NewConfigs(client, store.ConfigsOptions{}) // what is written must be compared with what is, not with what was seen
	group.Go(func() error { return i.prune(ctx, direct.Prune, lease.Held) })
	group.Go(func() error { return services.sync(ctx, direct, lease.Held) })
	group.Go(func() error { return i.forward(i.plane.Changed(), func() { seen.Poke(); shared.changed() })(ctx) })
	if i.options.manifests != "" {
		group.Go(func() error { return i.syncManifests(ctx, direct, lease.Held) })
	}
	return group.Wait()
}

// newLease returns the Lease of a service cluster. Instances of two clusters may
// run on one node.
func (i *instance) newLease(api store.API, home swarm.Home, seen *swarm.Observer, cluster string) *store.Lease {
	holder := home.NodeID
	if i.options.cluster != "" {
		holder += " in " + i.options.cluster
	}
	return store.NewLease(api, holder, store.LeaseOptions{Cluster: cluster, Changed: seen.LeaseChanged(), Logger: i.logger})
}

// findHome tries until the API answers; only a wrong set-up ends it.
func (i *instance) findHome(ctx context.Context, client *swarm.Client) (swarm.Home, error) {
	var last string
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 5*time.Second) {
		home, err := client.FindHome(ctx, i.options.stateDir, i.options.image)
		if err == nil || ctx.Err() != nil || errors.Is(err, swarm.ErrSetup) {
			return home, cmp.Or(ctx.Err(), err)
		}
		if err.Error() != last {
			last = err.Error()
			i.logger.Error("cannot operate yet, serving what was served last", "error", err)
		}
		select {
		case <-ctx.Done():
			return swarm.Home{}, ctx.Err()
		case <-time.After(wait):
		}
	}
}

// cachedConfigs lists configs from the observer and writes them to the API.
type cachedConfigs struct {
	*swarm.Client
	observer *swarm.Observer
}

// ListConfigs returns what the observer listed last, where that is what store asks for.
func (c cachedConfigs) ListConfigs(ctx context.Context, label string) ([]store.Config, error) {
	if label == store.LabelKind || label == store.LabelPlane {
		return c.observer.ListConfigs(ctx, label)
	}
	return c.Client.ListConfigs(ctx, label)
}

// actor acts, and has the observer look at what that changed.
type actor struct {
	client   *swarm.Client
	observer *swarm.Observer
	secrets  dataplane.Secrets
}

// Act carries one Action out.
func (a actor) Act(ctx context.Context, action plan.Action) error {
	defer a.observer.Changed()
	if s := action.CreateSecret; s != nil && s.Certificate != nil {
		bundle, labels, err := issue.Secret(ctx, s, a.secrets.Secret)
		if err != nil {
			return err
		}
		return a.client.StoreSecret(ctx, s.Name, labels, bundle)
	}
	return a.client.Act(ctx, action)
}

// prune removes generations that are older than the history, every now and then.
func (i *instance) prune(ctx context.Context, prune func(context.Context, int) error, leads func() bool) error {
	tick := time.NewTicker(time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		if !leads() {
			continue
		}
		if err := prune(ctx, i.options.history); err != nil && ctx.Err() == nil {
			i.logger.Error("history was not pruned", "error", err)
		}
	}
}
