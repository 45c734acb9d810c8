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
	records, err := dir.List(ctx)
	if err != nil {
		return err
	}
	err = wanted{records: records, whole: len(dir.Faults()) == 0, takesOver: true}.bring(ctx, configs, origin)
	if err != nil {
		return fmt.Errorf("sync %s: %w", dir.dir, err)
	}
	return nil
}

// SyncRecords is Sync for records that are all there are. What is there under
// another origin, such as a person's, is left alone, and the error names it.
func SyncRecords(ctx context.Context, records []*Record, configs *Configs, origin string) error {
	w := wanted{records: records, whole: true}
	if err := w.bring(ctx, configs, origin); err != nil {
		return fmt.Errorf("sync %s: %w", origin, err)
	}
	return nil
}

// wanted is what is to be there under an origin.
type wanted struct {
	records []*Record
	// whole: what is not in records is to go.
	whole bool
	// takesOver: what is there under another origin becomes ours.
	takesOver bool
}

func (w wanted) bring(ctx context.Context, configs *Configs, origin string) error {
	batch, err := configs.Begin(ctx)
	if err != nil {
		return err
	}
	var errs []error
	held := map[identity]bool{}
	for _, r := range w.records {
		held[r.identity()] = true
		m := Manifest{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Data: r.Data, AppliedBy: r.Source, Origin: origin}
		if g := find(batch.objects, r.identity()); g != nil && !w.takesOver && g.newest().Origin != origin {
			errs = append(errs, fmt.Errorf("%s, which %s asks for, is there already, and is not ours: delete it, or rename the service", m, r.Source))
			continue
		}
		_, err := batch.Put(ctx, m)
		errs = append(errs, err)
	}
	for _, g := range batch.objects {
		if w.whole && g.newest().Origin == origin && !held[g[0].identity()] {
			errs = append(errs, configs.remove(ctx, g))
		}
	}
	return errors.Join(errs...)
}
