package main

import (
	"context"
	"log/slog"
	"reflect"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/controller/labels"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// services keeps the objects that services ask for by their labels as the labels
// say. One instance at a time does it: the leader.
type services struct {
	logger *slog.Logger
	world  atomic.Pointer[plan.World]
	seen   chan struct{}
}

func newServices(logger *slog.Logger) *services {
	return &services{logger: logger, seen: make(chan struct{}, 1)}
}

// see is told what the swarm is. It does not block.
func (s *services) see(w plan.World) {
	s.world.Store(&w)
	select {
	case s.seen <- struct{}{}:
	default:
	}
}

// sync brings the store up to date with what was seen, until ctx ends. Where
// nothing asks for anything else than before, it looks at the store once in a
// while only: someone may have changed it.
func (s *services) sync(ctx context.Context, configs *store.Configs, leads func() bool) error {
	known, last := &plan.World{}, []*store.Record(nil)
	var next time.Time // when the store is looked at again, whatever was seen
	trouble := ""
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-s.seen:
		}
		if !leads() {
			next = time.Time{}
			continue
		}
		world := s.world.Load()
		if time.Now().Before(next) && isSameList(world.Services, known.Services) && isSameList(world.Networks, known.Networks) {
			continue
		}
		known = world
		records, err := labels.Records(world)
		if err == nil && reflect.DeepEqual(records, last) && time.Now().Before(next) {
			continue
		}
		if err == nil {
			err = store.SyncRecords(ctx, records, configs, labels.Origin)
		}
		last, next = records, time.Now().Add(syncEvery)
		if err != nil {
			next = time.Now().Add(5 * time.Second)
		}
		trouble = s.report(ctx, err, trouble)
	}
}

// isSameList says whether two lists are one, which nobody edits.
func isSameList[T any](a, b []T) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

// report logs trouble when it appears or changes, and returns what it is now.
func (s *services) report(ctx context.Context, err error, last string) string {
	if err == nil || ctx.Err() != nil {
		return ""
	}
	if err.Error() != last {
		s.logger.Error("labels of services were not taken in", "error", err)
	}
	return err.Error()
}
