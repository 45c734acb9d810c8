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
				if _, err := io.ReadAll(viewOf(b)); err != errLost {
					t.Fatalf("a body that is not kept was read again: %v", err)
				}
				return
			}
			v := viewOf(b)
			part := make([]byte, rapid.IntRange(0, len(want)).Draw(t, "part"))
			if _, err := io.ReadFull(v, part); err != nil {
				t.Fatal(err)
			}
			if string(part) != want[:len(part)] {
				t.Fatalf("%q is not the beginning of %q", part, want)
			}
			v.closed.Store(true)
			if _, err := v.Read(make([]byte, 1)); err != errClosed {
				t.Fatal(err)
			}
		}
		if !b.whole() {
			return
		}
		if all, err := io.ReadAll(viewOf(b)); err != nil || string(all) != want {
			t.Fatalf("%q, %v, want %q", all, err, want)
		}
		if b.fault() != nil || b.count() != int64(len(want)) {
			t.Fatal(b.fault() != nil, b.count())
		}
	})
}

func TestWhatAnAbandonedViewWaitedForIsNotLost(t *testing.T) {
	out, in := io.Pipe()
	b := newReplay(out, 100)
	old, next := viewOf(b), viewOf(b)
	oldRead := make(chan string)
	go func() {
		p := make([]byte, 10)
		n, _ := old.Read(p)
		oldRead <- string(p[:n])
	}()
	for !b.waiting.Load() {
		runtime.Gosched()
	}
	old.closed.Store(true)
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
	if _, err := io.ReadAll(viewOf(b)); err != io.ErrUnexpectedEOF || b.fault() == nil {
		t.Error(err, b.fault() != nil)
	}
}

func newReplay(body io.Reader, limit int) *replay {
	b := &replay{}
	b.begin(body, limit)
	return b
}

func viewOf(b *replay) *view { return &view{body: b} }
