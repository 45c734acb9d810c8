package main

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"html/template"
	"log/slog"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

//go:embed page.html
var pageHTML string

var pageTemplate = template.Must(template.New("page").Parse(pageHTML))

// app is one instance of the application.
type app struct {
	log *slog.Logger
	// answer is what /ping says, without the request's own part.
	answer pong
	page   page

	started  time.Time
	requests atomic.Int64 // to /ping, /info and the page

	// stopping is closed when the server begins to stop, so that endless
	// answers end.
	stopping chan struct{}
	stop     func()
}

// pong is the answer of /ping. The order of its fields is the documents'.
type pong struct {
	Instance  string `json:"instance"`
	Version   string `json:"version"`
	Metadata  string `json:"metadata,omitempty"`
	RequestID string `json:"request_id,omitempty"`
}

// page is what page.html is made from.
type page struct {
	Title, Version, Metadata string
	Interval                 int
	SkipErrors               bool
}

// newApp reads METADATA, VERSION, TITLE, SHOW_VERSION, REFRESH_INTERVAL and
// SKIP_ERRORS through getenv.
func newApp(getenv func(string) string, log *slog.Logger) *app {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	a := &app{log: log, started: time.Now(), stopping: make(chan struct{})}
	a.stop = sync.OnceFunc(func() { close(a.stopping) })
	a.answer = pong{Instance: host, Version: cmp.Or(getenv("VERSION"), "0.1"), Metadata: getenv("METADATA")}
	a.page = page{
		Title:      cmp.Or(getenv("TITLE"), "Demo"),
		Metadata:   a.answer.Metadata,
		Interval:   1000,
		SkipErrors: getenv("SKIP_ERRORS") != "",
	}
	if getenv("SHOW_VERSION") != "" {
		a.page.Version = a.answer.Version
	}
	if ms, err := strconv.Atoi(getenv("REFRESH_INTERVAL")); err == nil && ms > 0 {
		a.page.Interval = ms
	}
	return a
}

func (a *app) handler() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("/ping", a.ping)
	m.HandleFunc("/info", a.info)
	m.HandleFunc("/", a.index)
	a.probes(m)
	return m
}

func (a *app) ping(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	session := renewSession(w, r)
	a.log.Info("ping", "cookie", session)
	answer := a.answer
	answer.RequestID = r.Header.Get("X-Request-Id")
	w.Header().Set("Connection", "close")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	a.writeJSON(w, answer, "")
}

func (a *app) info(w http.ResponseWriter, _ *http.Request) {
	n := a.requests.Add(1)
	w.Header().Set("Connection", "close")
	a.writeJSON(w, struct {
		Hostname string `json:"hostname"`
		Uptime   string `json:"uptime"`
		Requests int64  `json:"requests"`
	}{a.answer.Instance, time.Since(a.started).String(), n}, "  ")
}

func (a *app) index(w http.ResponseWriter, r *http.Request) {
	a.requests.Add(1)
	a.log.Info("request", "from", cmp.Or(r.Header.Get("X-Forwarded-For"), r.RemoteAddr), "path", r.URL.Path)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := pageTemplate.Execute(w, a.page); err != nil {
		a.log.Debug("page not written", "error", err)
	}
}

// writeJSON writes v and a newline. A client that has gone is no concern of ours.
func (a *app) writeJSON(w http.ResponseWriter, v any, indent string) {
	e := json.NewEncoder(w)
	e.SetIndent("", indent)
	if err := e.Encode(v); err != nil {
		a.log.Debug("answer not written", "error", err)
	}
}
