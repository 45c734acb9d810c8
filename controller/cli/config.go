package cli

import (
	"context"
	"io"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/doctor"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/controller/swarm"
	"fairlead.dev/fairlead/reconcile/plan"
)

// Store is where the objects are. Package store has two.
type Store interface {
	// List returns the newest generation of every object.
	List(ctx context.Context) ([]*store.Record, error)
	// Put stores a generation; equal data is none, and gives the Record that is there.
	Put(ctx context.Context, m store.Manifest) (store.Record, error)
	Delete(ctx context.Context, kind, key string) error
	// History returns the generations that are kept, in any order.
	History(ctx context.Context, kind, key string) ([]store.Record, error)
	// WriteStatus writes the status of a Record as List returned it; where somebody
	// wrote meanwhile it fails with store.ErrConflict.
	WriteStatus(ctx context.Context, r *store.Record, s v1alpha1.Status) error
}

// Secrets creates Docker secrets. A name that is taken fails with
// store.ErrConflict.
type Secrets interface {
	CreateSecret(ctx context.Context, name string, labels map[string]string, data []byte) error
}

// Swarm is what the swarm is and what happened to it.
type Swarm interface {
	World(ctx context.Context) (plan.World, error)
	// Events are those since a time that are still remembered, oldest first.
	Events(ctx context.Context, since time.Time) ([]swarm.Event, error)
}

// Cluster is what the commands work on.
type Cluster struct {
	Store Store
	// Swarm is nil where there is none.
	Swarm Swarm
	// Secrets is nil where there is no swarm.
	Secrets Secrets
	// Engine is what doctor asks.
	Engine Engine
	// Reports are what the data planes of a service cluster say; nil where none can
	// be asked.
	Reports func(ctx context.Context, cluster string) ([]snapshot.Report, error)
	// Close ends the connection; nil where there is nothing to end.
	Close func() error
}

// ConnOptions are the global flags that say where the Cluster is.
type ConnOptions struct {
	// Host is the address of a Docker API, Context the name of a docker context.
	Host, Context string
}

// Config is what the commands need from the program. The zero value of every
// field but Connect is usable.
type Config struct {
	// Connect finds the Cluster. It is called at most once a command.
	Connect func(ctx context.Context, o ConnOptions) (Cluster, error)
	// In, Out and Err are the standard streams.
	In       io.Reader
	Out, Err io.Writer
	// Terminal: a person watches Err, so progress is shown there.
	Terminal bool
	// Version is what `version` prints.
	Version string
	// User is who applies, as "name@host".
	User string
	// Now is the clock; nil is time.Now.
	Now func() time.Time
	// Port looks at a port of this host, by the flag and the address; nil is
	// doctor.Look.
	Port func(flag, address string) doctor.Port
	// Every is the time between two looks while waiting; while watching it is
	// four times that. 0 is a quarter of a second.
	Every time.Duration
}
