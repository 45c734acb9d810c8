package store

import (
	"context"
	"errors"
	"fmt"
)

// Sync makes the objects in configs those in dir: it puts what dir holds and
// deletes what it once put under this origin and dir does not hold any more.
// While dir has a Fault nothing is deleted, for what is missing may stand in
// what cannot be read. What a person applied is taken over where dir has it too,
// and left alone otherwise.
//
// One object that fails does not keep the others; the error tells of all.
func Sync(ctx context.Context, dir *Directory, configs *Configs, origin string) error {
	wanted, err := dir.List(ctx)
	if err != nil {
		return err
	}
	whole := len(dir.Faults()) == 0
	batch, err := configs.Begin(ctx)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir.dir, err)
	}
	var errs []error
	held := map[identity]bool{}
	for _, r := range wanted {
		held[r.identity()] = true
		_, err := batch.Put(ctx, Manifest{
			Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Data: r.Data, AppliedBy: r.Source, Origin: origin,
		})
		errs = append(errs, err)
	}
	for _, g := range batch.objects {
		if whole && g.newest().Origin == origin && !held[g[0].identity()] {
			errs = append(errs, configs.remove(ctx, g))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("sync %s: %w", dir.dir, err)
	}
	return nil
}
