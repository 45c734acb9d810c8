package proxy

import (
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

func TestABodyIsReadAgainFromTheBeginning(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.String().Draw(t, "body")
		limit := rapid.IntRange(0, 64).Draw(t, "limit")
		b := newReplay(iotest.OneByteReader(strings.NewReader(want)), limit)
		for range 3 {
			if !b.whole() {
				if len(want) <= limit {
					t.Fatal("a short body was not kept")
				}
				if _, err := io.ReadAll(b.view()); err != errLost {
					t.Fatalf("a body that is not kept was read again: %v", err)
				}
				return
			}
			v := b.view()
			part := make([]byte, rapid.IntRange(0, len(want)).Draw(t, "part"))
			if _, err := io.ReadFull(v, part); err != nil {
				t.Fatal(err)
			}
			if string(part) != want[:len(part)] {
				t.Fatalf("%q is not the beginning of %q", part, want)
			}
			v.Close()
			if _, err := v.Read(make([]byte, 1)); err != errClosed {
				t.Fatal(err)
			}
		}
		if !b.whole() {
			return
		}
		if all, err := io.ReadAll(b.view()); err != nil || string(all) != want {
			t.Fatalf("%q, %v, want %q", all, err, want)
		}
		if b.failed() || b.count() != int64(len(want)) {
			t.Fatal(b.failed(), b.count())
		}
	})
}

func TestWhatAnAbandonedViewWaitedForIsNotLost(t *testing.T) {
	out, in := io.Pipe()
	b := newReplay(out, 100)
	old, next := b.view(), b.view()
	oldRead := make(chan string)
	go func() {
		p := make([]byte, 10)
		n, _ := old.Read(p)
		oldRead <- string(p[:n])
	}()
	for !b.waiting.Load() {
		runtime.Gosched()
	}
	old.Close()
	if !b.whole() {
		t.Error("it can still be read from the beginning")
	}
	got := make(chan string)
	go func() {
		all, _ := io.ReadAll(next)
		got <- string(all)
	}()
	_, _ = in.Write([]byte("hello "))
	<-oldRead
	_, _ = in.Write([]byte("world"))
	in.CloseWithError(io.EOF)
	if s := <-got; s != "hello world" {
		t.Error(s)
	}
}

func TestABodyThatBreaksIsTheClients(t *testing.T) {
	b := newReplay(iotest.ErrReader(io.ErrUnexpectedEOF), 100)
	if _, err := io.ReadAll(b.view()); err != io.ErrUnexpectedEOF || !b.failed() {
		t.Error(err, b.failed())
	}
}

func TestCounter(t *testing.T) {
	var c counter
	<-c.none()
	c.add(1)
	w := c.none()
	c.add(1)
	c.add(-1)
	select {
	case <-w:
		t.Error("one is still under way")
	default:
	}
	c.add(-1)
	<-w
}
