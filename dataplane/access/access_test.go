package access

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// lines counts calls of Write.
type lines struct {
	bytes.Buffer
	calls int
}

func (l *lines) Write(p []byte) (int, error) {
	l.calls++
	return l.Buffer.Write(p)
}

func TestEachRecordIsOneLineInOneWrite(t *testing.T) {
	w := &lines{}
	want := Record{Time: time.Unix(1, 0).UTC(), Listener: "http", Client: "::1", Host: "a\n\"b", Path: "/\xff", Status: 200, Duration: 0.5, BytesOut: 1, Route: "r"}
	l := NewLog(w)
	l.Write(&want)
	l.Write(&want)
	if w.calls != 2 || bytes.Count(w.Bytes(), []byte("\n")) != 2 {
		t.Errorf("%d writes of %q", w.calls, w)
	}
	var got Record
	if err := json.NewDecoder(w).Decode(&got); err != nil {
		t.Fatal(err)
	}
	want.Path = "/\ufffd"
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	NewLog(nil).Write(&want)
}
