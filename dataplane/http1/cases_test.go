package http1

import (
	"errors"
	"testing"

	"fairlead.dev/fairlead/dataplane/http1/faults"
)

func TestWhatCanBeReadInTwoWaysIsRefused(t *testing.T) {
	if len(faults.Requests) < 60 {
		t.Fatalf("only %d cases", len(faults.Requests))
	}
	for _, c := range faults.Requests {
		t.Run(c.Name, func(t *testing.T) {
			for _, size := range []int{1, 2, 7, 1 << 20} { // in pieces of any size
				err := readAll([]byte(c.Bytes), size)
				var fault *Error
				if !errors.As(err, &fault) || fault.Status != c.Status || fault.Section != c.Section {
					t.Errorf("in pieces of %d: %v, want %d (%s)", size, err, c.Status, c.Section)
				}
			}
		})
	}
}

// readAll reads a request and its body as a server does, in pieces of size, and
// returns the first fault.
func readAll(in []byte, size int) error {
	var r Request
	buf, end := []byte(nil), -1
	for end < 0 && len(in) > 0 {
		seen := len(buf)
		n := min(size, len(in))
		buf, in = append(buf, in[:n]...), in[n:]
		var err error
		if end, err = HeadEnd(buf, seen); err != nil {
			return err
		}
	}
	if end < 0 {
		return errors.New("the head does not end")
	}
	if err := r.Parse(buf[:end]); err != nil {
		return err
	}
	if r.Body != Chunked {
		return nil
	}
	var c Chunks
	_, err := dechunk(&c, append(buf[end:], in...), size)
	return err
}

// dechunk returns the data of a chunked body that comes in pieces of size.
func dechunk(c *Chunks, in []byte, size int) ([]byte, error) {
	var data []byte
	for len(in) > 0 && !c.Done() {
		piece := in[:min(size, len(in))]
		in = in[len(piece):]
		for len(piece) > 0 && !c.Done() {
			framing, n, err := c.Next(piece)
			if err != nil {
				return data, err
			}
			data = append(data, piece[framing:framing+n]...)
			piece = piece[framing+n:]
			if framing+n == 0 {
				break
			}
		}
	}
	return data, nil
}
