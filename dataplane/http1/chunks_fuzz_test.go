package http1

import (
	"bytes"
	"io"
	"net/http/httputil"
	"testing"

	"fairlead.dev/fairlead/dataplane/http1/faults"
)

// FuzzChunks holds the framing against net/http's: what we accept, in pieces of
// any size, it reads the same way.
func FuzzChunks(f *testing.F) {
	for _, r := range faults.Responses {
		if _, body, ok := bytes.Cut([]byte(r.Bytes), []byte("chunked\r\n\r\n")); ok {
			f.Add(body, 3)
		}
	}
	f.Add([]byte("5\r\nhello\r\n6;x=y\r\n world\r\n0\r\nX-Sum: 7\r\n\r\n"), 1)
	f.Add([]byte("00000f\r\n0123456789abcde\r\n000\r\n\r\nrest"), 1000)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		size = max(1, size%4096)
		var c Chunks
		got, err := dechunk(&c, in, size)
		var again Chunks
		if whole, wholeErr := dechunk(&again, in, max(1, len(in))); (err == nil) != (wholeErr == nil) || !bytes.Equal(got, whole) && err == nil {
			t.Fatalf("in pieces of %d: %q, %v; whole: %q, %v", size, got, err, whole, wholeErr)
		}
		if err != nil || !c.Done() {
			return
		}
		want, err := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(in)))
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("%q is %q, and net/http reads %q, %v", in, got, want, err)
		}
	})
}
