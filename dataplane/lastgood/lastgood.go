// Package lastgood keeps the Snapshot that was served last in a file, so that a
// data plane that starts while nothing can be observed serves it. A Snapshot
// holds no secret bytes, so the file holds none.
package lastgood

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// Load reads the file. It fails with fs.ErrNotExist where there is none, and
// where its content is not the Snapshot whose Version it carries.
func Load(path string) (*snapshot.Snapshot, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var s snapshot.Snapshot
	if err := json.Unmarshal(data, &s); err != nil {
		return nil, fmt.Errorf("last good snapshot %s: %w", path, err)
	}
	sealed := s.Seal()
	if sealed.Version != s.Version {
		return nil, fmt.Errorf("last good snapshot %s: its content is not that of version %.8s", path, s.Version)
	}
	return sealed, nil
}

// Save writes the file anew and renames it, so that a crash leaves the old one.
func Save(path string, s *snapshot.Snapshot) error {
	data, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("last good snapshot: %w", err)
	}
	temporary := path + ".new"
	if err := os.WriteFile(temporary, data, 0o600); err != nil {
		return fmt.Errorf("last good snapshot: %w", err)
	}
	return os.Rename(temporary, path)
}

// Keeper saves what is served, at most once an Interval.
type Keeper struct {
	Path     string
	Interval time.Duration
	// Served returns the Snapshot; nil while there is none.
	Served func() *snapshot.Snapshot
	Logger *slog.Logger
}

// Run saves until ctx ends, and once more then.
func (k *Keeper) Run(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(k.Path), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("last good snapshot: %w", err)
	}
	tick := time.NewTicker(k.Interval)
	defer tick.Stop()
	var saved string
	for {
		select {
		case <-ctx.Done():
			k.save(&saved)
			return ctx.Err()
		case <-tick.C:
			k.save(&saved)
		}
	}
}

func (k *Keeper) save(saved *string) {
	s := k.Served()
	if s == nil || s.Version == *saved {
		return
	}
	if err := Save(k.Path, s); err != nil {
		k.Logger.Warn("snapshot was not kept", "error", err)
		return
	}
	*saved = s.Version
}
