// Package access is the access log: one JSON object a line for each request and
// each passthrough connection, written when it has ended.
package access

import (
	"io"
	"sync"
	"time"
)

// Record is what is known of one request at its end. Times are in seconds. Its
// strings need to stay what they are only until Write returns.
type Record struct {
	Time      time.Time `json:"time"`
	RequestID string    `json:"request_id,omitempty"`
	// Listener is "http", "https" or "passthrough".
	Listener string `json:"listener"`
	Client   string `json:"client"`
	Method   string `json:"method,omitempty"`
	Host     string `json:"host"`
	Path     string `json:"path,omitempty"`
	Protocol string `json:"protocol,omitempty"`
	// Status is 0 for a passthrough connection, and 499 where the client went away
	// before there was an answer.
	Status   int     `json:"status,omitempty"`
	Duration float64 `json:"duration"`
	BytesIn  int64   `json:"bytes_in"`
	BytesOut int64   `json:"bytes_out"`
	Route    string  `json:"route,omitempty"`
	Rule     string  `json:"rule,omitempty"`
	Backend  string  `json:"backend,omitempty"`
	// Endpoint is the last that was tried, Tries how many were.
	Endpoint string `json:"endpoint,omitempty"`
	Tries    int    `json:"tries,omitempty"`
	// Error says why the data plane answered by itself, where that is not plain
	// from the status.
	Error string `json:"error,omitempty"`
}

// Log writes Records.
type Log struct {
	mu sync.Mutex // guards following
	w  io.Writer
}

// NewLog returns a Log that writes each line with one call of w.Write; nil
// discards.
func NewLog(w io.Writer) *Log { return &Log{w: w} }

var free = sync.Pool{New: func() any { return new(line) }}

// longestKept is the size of a line above which its memory is not used again.
const longestKept = 16 << 10

// Write writes one line. An error of the writer is nobody's business here: a
// request is not to fail for its line.
func (l *Log) Write(r *Record) {
	if l.w != nil {
		l.write(r)
	}
}

func (l *Log) write(r *Record) {
	b := free.Get().(*line)
	*b = append((*b)[:0].record(r), '\n')
	l.mu.Lock()
	_, _ = l.w.Write(*b)
	l.mu.Unlock()
	if cap(*b) <= longestKept {
		free.Put(b)
	}
}
