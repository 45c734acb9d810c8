package swarm

import (
	"context"
	"errors"
	"hash/maphash"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/docker/docker/api/types/events"
	"github.com/docker/docker/api/types/filters"

	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// What is listed when it changed, and every now and then all the same.
const (
	relistServices = 10 * time.Second // a service's update status changes without an event
	relistNetworks = 30 * time.Second
	relistOthers   = time.Minute
)

// After an event on a service or node, a connect error, or a change of the tasks
// themselves (a crash makes no event), tasks come and go for a while: that is how
// long Observer says that the World moves.
const (
	freshAfterEvent = 15 * time.Second
	freshAfterError = 5 * time.Second
	freshAfterTask  = 5 * time.Second
)

// longestWait is that for a new stream of events. It bounds how late we see that
// the API is back, with whatever happened meanwhile.
const longestWait = 2 * time.Second

// Observer sees what the swarm is. Make one with NewObserver; Run listens to
// the swarm's events, and Observe and ListConfigs may be called meanwhile.
type Observer struct {
	client *Client
	wake   func()
	logger *slog.Logger
	// attached are the networks of the data plane's own container.
	attached []string
	now      func() time.Time

	services list[plan.Service]
	networks list[plan.Network]
	secrets  list[plan.Secret]
	nodes    list[plan.Node]
	configs  list[store.Config] // of objects
	planes   list[store.Config] // of the data planes' Reports
	tasks    uint64             // the fingerprint of those listed last
	seed     maphash.Seed
	troubles troubles

	mu         sync.Mutex      // guards following
	leases     []chan struct{} // see LeaseChanged
	freshUntil time.Time
	recent     []Event // a ring of the newest events, oldest first
}

// NewObserver returns an Observer that calls wake, which must not block, when
// something may have changed. attached are the IDs of the networks that the
// data plane's own container is on.
func NewObserver(c *Client, attached []string, wake func(), logger *slog.Logger) *Observer {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	o := &Observer{client: c, wake: wake, logger: logger, attached: attached, now: time.Now, seed: maphash.MakeSeed()}
	o.services = list[plan.Service]{every: relistServices, fetch: c.listServices}
	o.networks = list[plan.Network]{every: relistNetworks, fetch: c.listNetworks}
	o.secrets = list[plan.Secret]{every: relistOthers, fetch: c.listSecrets}
	o.nodes = list[plan.Node]{every: relistOthers, fetch: c.listNodes}
	o.configs = list[store.Config]{every: relistOthers, fetch: func(ctx context.Context) ([]store.Config, error) {
		return c.ListConfigs(ctx, store.LabelKind)
	}}
	o.planes = list[store.Config]{every: relistOthers, fetch: func(ctx context.Context) ([]store.Config, error) {
		return c.ListConfigs(ctx, store.LabelPlane)
	}}
	return o
}

// Observe returns what the swarm is now. Where a call fails it fails as a whole.
func (o *Observer) Observe(ctx context.Context) (plan.World, error) {
	now := o.now()
	services, err1 := o.services.get(ctx, now)
	networks, err2 := o.networks.get(ctx, now)
	secrets, err3 := o.secrets.get(ctx, now)
	nodes, err4 := o.nodes.get(ctx, now)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return plan.World{}, err
	}
	tasks, err := o.client.listTasks(ctx)
	if err != nil {
		return plan.World{}, err
	}
	if mark := o.fingerprint(tasks); mark != o.tasks {
		o.tasks = mark
		o.freshen(freshAfterTask)
	}
	return plan.World{
		Swarm: true, Services: o.explain(ctx, services, tasks, now), Tasks: tasks, Networks: networks, Secrets: secrets, Nodes: nodes,
		Attached: o.attached, Moving: o.fresh(now),
	}, nil
}

// ListConfigs returns the configs with the label, which is store.LabelKind or
// store.LabelPlane. They are listed anew only where an event or ConfigsChanged
// said so, or a minute has passed. An unchanged list is the same slice.
func (o *Observer) ListConfigs(ctx context.Context, label string) ([]store.Config, error) {
	if label == store.LabelPlane {
		return o.planes.get(ctx, o.now())
	}
	return o.configs.get(ctx, o.now())
}

// ConfigsChanged says that we changed configs ourselves.
func (o *Observer) ConfigsChanged() { o.configs.invalidate() }

func (o *Observer) fresh(now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return now.Before(o.freshUntil)
}

func (o *Observer) freshen(d time.Duration) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if until := o.now().Add(d); until.After(o.freshUntil) {
		o.freshUntil = until
	}
}

// Poke says that an Endpoint did not answer, so that the swarm is looked at
// now and often for a while.
func (o *Observer) Poke() {
	o.freshen(freshAfterError)
	o.wake()
}

// Changed says that we changed services ourselves.
func (o *Observer) Changed() {
	o.services.invalidate()
	o.wake()
}

// Run listens to events until ctx ends. When the stream breaks there may be a
// gap, so everything counts as changed.
func (o *Observer) Run(ctx context.Context) error {
	wait := time.Duration(0)
	for ctx.Err() == nil {
		began := o.now()
		err := o.listen(ctx)
		if ctx.Err() != nil {
			break
		}
		o.logger.Debug("event stream ended", "error", err)
		if o.now().Sub(began) > 10*time.Second {
			wait = 0
		}
		wait = min(max(2*wait, 100*time.Millisecond), longestWait)
		o.invalidateAll()
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
	return ctx.Err()
}

// listen reads one stream of events. It starts with a look at everything: what
// happened before the stream began was not in it.
func (o *Observer) listen(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	args := filters.NewArgs(filters.Arg("scope", "swarm"))
	messages, errs := o.client.docker.Events(ctx, events.ListOptions{Filters: args})
	o.client.onCall("events", 0, nil)
	o.invalidateAll()
	o.wake()
	for {
		select {
		case m := <-messages:
			o.see(m)
		case err := <-errs:
			return err
		}
	}
}

func (o *Observer) invalidateAll() {
	o.services.invalidate()
	o.networks.invalidate()
	o.secrets.invalidate()
	o.nodes.invalidate()
	o.configs.invalidate()
	o.planes.invalidate()
}

// see takes one event in.
func (o *Observer) see(m events.Message) {
	o.remember(m)
	switch m.Type {
	case events.ServiceEventType:
		o.services.invalidate()
		o.freshen(freshAfterEvent)
	case events.NodeEventType:
		o.nodes.invalidate()
		o.freshen(freshAfterEvent)
	case events.NetworkEventType:
		o.networks.invalidate()
	case events.SecretEventType:
		o.secrets.invalidate()
	case events.ConfigEventType:
		if !o.seeConfig(m.Actor.Attributes["name"]) {
			return
		}
	default:
		return
	}
	o.wake()
}

// LeaseChanged returns a channel that receives a value when a Lease was renewed,
// taken or given back.
func (o *Observer) LeaseChanged() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	c := make(chan struct{}, 1)
	o.leases = append(o.leases, c)
	return c
}

func (o *Observer) leaseChanged() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, c := range o.leases {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// seeConfig takes a change of a config in, and says whether it matters to the
// loop: a renewed Lease does not.
func (o *Observer) seeConfig(name string) bool {
	switch {
	case strings.HasPrefix(name, store.LeaseName):
		o.leaseChanged()
		return false
	case strings.HasPrefix(name, store.PlanePrefix):
		o.planes.invalidate()
	default:
		o.configs.invalidate()
	}
	return true
}

// fingerprint is equal for equal tasks in any order, and hardly for others.
func (o *Observer) fingerprint(tasks []plan.Task) uint64 {
	sum := uint64(len(tasks))
	for i := range tasks {
		h := maphash.String(o.seed, tasks[i].ID)
		if tasks[i].Running {
			h = h<<1 | h>>63
		}
		sum += h
	}
	return sum
}
