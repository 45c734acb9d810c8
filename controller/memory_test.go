package main

import (
	"context"
	"testing"
	"time"
)

func TestUnusedMemoryIsGivenBackWhenItIsQuiet(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan struct{})
	go func() { defer close(done); _ = returnMemory(ctx) }()
	garbage := make([][]byte, 64)
	for i := range garbage {
		garbage[i] = make([]byte, 1<<20)
	}
	clear(garbage)
	for end := time.Now().Add(time.Minute); readHeap().unused() > worthwhile; {
		if time.Now().After(end) {
			t.Fatalf("unused: %d MB", readHeap().unused()>>20)
		}
		select {
		case <-time.After(10 * time.Millisecond):
		case <-done:
			t.Fatal("ended")
		}
	}
	cancel()
	<-done
}
