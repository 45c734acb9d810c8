package main

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/net/websocket"
)

// probes adds the paths that tests of a proxy need.
func (a *app) probes(m *http.ServeMux) {
	m.HandleFunc("/stream", a.stream)
	m.HandleFunc("/echo", echo)
	m.HandleFunc("/slow", a.slow)
	m.HandleFunc("/status/{code}", status)
	m.HandleFunc("/headers", a.headers)
	m.HandleFunc("/trailers", trailers)
	// A Server without a Handshake takes any Origin; Handler would not.
	m.Handle("/ws", websocket.Server{Handler: func(c *websocket.Conn) { _, _ = io.Copy(c, c) }})
}

// stream sends "data: N INSTANCE" for N from 1 to n (for ever without it), one
// each interval (100ms), until the client goes or the server stops.
func (a *app) stream(w http.ResponseWriter, r *http.Request) {
	n, err := intQuery(r, "n", 0)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	every, err := durationQuery(r, "interval", 100*time.Millisecond)
	if err != nil || every <= 0 {
		http.Error(w, "interval is not a positive duration", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	c := http.NewResponseController(w)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := 1; n == 0 || i <= n; i++ {
		if _, err := fmt.Fprintf(w, "data: %d %s\n\n", i, a.answer.Instance); err != nil || c.Flush() != nil {
			return
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return
		case <-a.stopping:
			return
		}
	}
}

// echo sends each piece of the body back when it has arrived.
func echo(w http.ResponseWriter, r *http.Request) {
	c := http.NewResponseController(w)
	_ = c.EnableFullDuplex() // HTTP/2 always is
	w.Header().Set("Content-Type", cmp.Or(r.Header.Get("Content-Type"), "application/octet-stream"))
	buf := make([]byte, 32<<10)
	for {
		n, err := r.Body.Read(buf)
		if n > 0 {
			if _, werr := w.Write(buf[:n]); werr != nil || c.Flush() != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// slow answers as /ping does, without its cookie, after d.
func (a *app) slow(w http.ResponseWriter, r *http.Request) {
	d, err := durationQuery(r, "d", 500*time.Millisecond)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	// The body is read first: only then is a client that goes away noticed.
	_, _ = io.Copy(io.Discard, r.Body)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		answer := a.answer
		answer.RequestID = r.Header.Get("X-Request-Id")
		a.writeJSON(w, answer, "")
	case <-r.Context().Done():
	}
}

func status(w http.ResponseWriter, r *http.Request) {
	code, err := strconv.Atoi(r.PathValue("code"))
	if err != nil || code < 200 || code > 599 {
		http.Error(w, "the code is from 200 to 599", http.StatusBadRequest)
		return
	}
	if code >= 300 && code < 400 {
		w.Header().Set("Location", "/ping")
	}
	w.WriteHeader(code)
	if code != http.StatusNoContent && code != http.StatusNotModified {
		_, _ = fmt.Fprintln(w, code, http.StatusText(code))
	}
}

// headers answers with the request as it arrived here.
func (a *app) headers(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	a.writeJSON(w, seenRequest{
		Instance: a.answer.Instance, Method: r.Method, URI: r.RequestURI, Protocol: r.Proto,
		Host: r.Host, RemoteAddr: r.RemoteAddr, TLS: r.TLS != nil, Headers: r.Header,
	}, "  ")
}

// seenRequest is the answer of /headers.
type seenRequest struct {
	Instance   string      `json:"instance"`
	Method     string      `json:"method"`
	URI        string      `json:"uri"`
	Protocol   string      `json:"protocol"`
	Host       string      `json:"host"`
	RemoteAddr string      `json:"remoteAddr"`
	TLS        bool        `json:"tls"`
	Headers    http.Header `json:"headers"`
}

// trailers sends the body back, and after it its length, a gRPC status and
// whatever trailers the request had, with "Echo-" before their names.
func trailers(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Trailer", "X-Body-Length, Grpc-Status")
	w.Header().Set("Content-Type", cmp.Or(r.Header.Get("Content-Type"), "application/grpc"))
	n, err := io.Copy(w, r.Body)
	if err != nil {
		return
	}
	w.Header().Set("X-Body-Length", strconv.FormatInt(n, 10))
	w.Header().Set("Grpc-Status", "0")
	for name, values := range r.Trailer {
		w.Header()[http.TrailerPrefix+"Echo-"+name] = values
	}
}

func intQuery(r *http.Request, name string, absent int) (int, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%s is not a count: %q", name, s)
	}
	return n, nil
}

func durationQuery(r *http.Request, name string, absent time.Duration) (time.Duration, error) {
	s := r.URL.Query().Get(name)
	if s == "" {
		return absent, nil
	}
	return time.ParseDuration(s)
}
