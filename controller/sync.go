package main

import (
	"context"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"fairlead.dev/fairlead/controller/store"
)

// How often the folder is compared with the store although nothing changed in
// it: someone may have changed the store.
const syncEvery = time.Minute

// syncManifests keeps the store as the folder of manifests says, and prunes
// what it once created. One instance at a time does it: the leader.
func (i *instance) syncManifests(ctx context.Context, configs *store.Configs, leads func() bool) error {
	dir, err := filepath.Abs(i.options.manifests)
	if err != nil {
		return err
	}
	directory := store.NewDirectory(dir, i.logger)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return directory.Run(ctx) })
	group.Go(func() error {
		wait := time.NewTimer(0)
		defer wait.Stop()
		for last := ""; ; {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-directory.Changed():
			case <-wait.C:
			}
			next := syncEvery
			if !leads() {
				next = time.Second
			} else if err := store.Sync(ctx, directory, configs, "manifests:"+dir); err != nil && ctx.Err() == nil {
				next = 5 * time.Second
				if err.Error() != last {
					i.logger.Error("manifests were not synced", "folder", dir, "error", err)
				}
				last = err.Error()
			} else {
				last = ""
			}
			wait.Reset(next)
		}
	})
	return group.Wait()
}
