package store

import (
	"context"
	"time"
)

// API is what Configs needs of Swarm. Package swarm implements it.
type API interface {
	// ListConfigs returns every config that has the label, with its data.
	ListConfigs(ctx context.Context, label string) ([]Config, error)
	// CreateConfig returns the new config's ID; a taken name fails with ErrConflict.
	CreateConfig(ctx context.Context, name string, labels map[string]string, data []byte) (string, error)
	// UpdateConfigLabels replaces the labels of a config at a version; another
	// version fails with ErrConflict, a missing config with ErrNotFound.
	UpdateConfigLabels(ctx context.Context, id string, version uint64, labels map[string]string) error
	// RemoveConfig removes a config; one that is gone already is no error.
	RemoveConfig(ctx context.Context, id string) error
}

// Config is a swarm config.
type Config struct {
	ID, Name  string
	Version   uint64
	CreatedAt time.Time
	Labels    map[string]string
	Data      []byte
}
