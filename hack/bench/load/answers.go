package load

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"time"
)

// answers reads the answers on one connection, which all have to be 200 from
// the origin with one body, framed by Content-Length.
type answers struct {
	body string
	got  []byte
}

var (
	okLine     = []byte("HTTP/1.1 200 ")
	headEnd    = []byte("\r\n\r\n")
	lengthName = []byte("\r\ncontent-length: ")
	originLine = []byte("\r\nx-origin: bench\r\n")
)

// add takes bytes that have arrived and says whether they end an answer.
func (a *answers) add(part []byte) (whole bool, err error) {
	a.got = append(a.got, part...)
	end := bytes.Index(a.got, headEnd)
	if end < 0 {
		return false, nil
	}
	if !bytes.HasPrefix(a.got, okLine) {
		return false, fmt.Errorf("%w: %q", errAnswer, a.got[:end])
	}
	// Up to and with the line break of the last field.
	head := bytes.ToLower(a.got[:end+2])
	if !bytes.Contains(head, originLine) {
		return false, fmt.Errorf("%w: not from the origin: %q", errAnswer, head)
	}
	length, err := contentLength(head)
	if err != nil {
		return false, err
	}
	body := a.got[end+len(headEnd):]
	if len(body) < length {
		return false, nil
	}
	if string(body) != a.body {
		return false, fmt.Errorf("%w: body %q", errAnswer, body)
	}
	a.got = a.got[:0]
	return true, nil
}

func contentLength(head []byte) (int, error) {
	_, rest, ok := bytes.Cut(head, lengthName)
	digits, _, ended := bytes.Cut(rest, []byte("\r\n"))
	length, err := strconv.Atoi(string(digits))
	if !ok || !ended || err != nil {
		return 0, fmt.Errorf("%w: no Content-Length in %q", errAnswer, head)
	}
	return length, nil
}

// Latencies is how long requests at a fixed rate took.
type Latencies struct {
	// Answers is from when each request was due until its answer was whole.
	Answers []time.Duration
	// Late is by how much the generator itself sent requests after they were due:
	// those that did not have to wait for an answer.
	Late []time.Duration
}

// Quantile returns the value that the part q of all is not above, by the
// nearest rank; 0 of none.
func Quantile(all []time.Duration, q float64) time.Duration {
	if len(all) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(all))
	rank := int(q*float64(len(sorted)) + 0.999999)
	return sorted[min(max(rank, 1), len(sorted))-1]
}
