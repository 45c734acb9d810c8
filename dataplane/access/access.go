// Package access is the access log: one JSON object a line for each request and
// each passthrough connection, written when it has ended.
package access

import (
	"encoding/json"
	"io"
	"sync"
	"time"
)

// Record is what is known of one request at its end. Times are in seconds.
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

// Write writes one line. An error of the writer is nobody's business here: a
// request is not to fail for its line.
func (l *Log) Write(r *Record) {
	if l.w == nil {
		return
	}
	line, err := json.Marshal(r)
	if err != nil {
		panic("access: " + err.Error())
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(append(line, '\n'))
}
