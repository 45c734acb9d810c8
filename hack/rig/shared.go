package rig

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"
)

// startLimit is how long a start may take, with the wait for another one's end.
const startLimit = lockLimit + 2*time.Minute

// New starts a rig for one test; the test's end is the rig's.
func New(t testing.TB, opts ...Option) *Rig {
	t.Helper()
	require(t)
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	r, err := Start(ctx, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	r.Explain(t)
	return r
}

// require skips the test where no rig can run, and fails it there in CI.
func require(t testing.TB) {
	t.Helper()
	err := Missing()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("in CI this must run: %v", err)
	default:
		t.Skipf("no real swarm: %v", err)
	}
}

// shared is the rig of the package under test.
var shared struct {
	start func() (*Rig, error)
}

// Main runs a package's tests, which share the rig that Shared returns, and ends
// it. It is called from TestMain, with what os.Exit is to get.
func Main(m *testing.M, opts ...Option) int {
	var started *Rig
	shared.start = sync.OnceValues(func() (*Rig, error) {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		r, err := Start(ctx, opts...)
		started = r
		return r, err
	})
	// Exit runs no deferred call, a panic of ours does.
	defer func() {
		if started != nil {
			started.Close()
		}
	}()
	return m.Run()
}

// Shared is the package's rig, started when the first test asks. It is as the
// test before left it; Reset empties it.
func Shared(t testing.TB) *Rig {
	t.Helper()
	require(t)
	if shared.start == nil {
		panic("rig: Shared needs a TestMain that calls Main")
	}
	r, err := shared.start()
	if err != nil {
		t.Fatal(err)
	}
	r.Explain(t)
	return r
}

// Explain has a failing test print the end of every engine's log, and the
// services and tasks that there are.
func (r *Rig) Explain(t testing.TB) {
	t.Cleanup(func() {
		if !t.Failed() {
			return
		}
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		services, _ := r.nodes[0].Try(ctx, "service", "ls")
		tasks, _ := r.nodes[0].Try(ctx, "node", "ps", "--no-trunc")
		text := fmt.Sprintf("%s\n%s\n", services, tasks)
		for _, n := range r.nodes {
			text += n.log(15)
		}
		t.Log("\n" + text)
	})
}
