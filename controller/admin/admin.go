// Package admin is the HTTP interface for people and machines that look after
// Fairlead: liveness, readiness, metrics, the objects and the Snapshot. It
// changes nothing and shows no secret bytes, since a Snapshot holds none; still
// it listens on loopback by default, for names and addresses are nobody else's
// business.
package admin

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"fairlead.dev/fairlead/api/snapshot"
)

// Server serves
//
//	/healthz            200 while the process runs
//	/readyz             200 where something is served, else 503; the text says
//	                    how old the view of the swarm is, where it is old
//	/metrics            Prometheus
//	/api/v1/objects     every object with its status, as JSON
//	/api/v1/snapshot    what is served, as JSON; 404 before the first
//	/api/v1/report      what the data plane says of itself, as JSON
//	/api/v1/events      recent events of the swarm, as JSON
//
// Fields are set before Run; none may be nil.
type Server struct {
	// Listener is closed when Run returns.
	Listener net.Listener
	// Ready says whether requests are served, and what there is to know of it.
	Ready    func() (ok bool, message string)
	Objects  func() any
	Snapshot func() *snapshot.Snapshot
	Report   func() snapshot.Report
	Events   func() any
	Metrics  prometheus.Gatherer
	Logger   *slog.Logger
}

// Run serves until ctx ends.
func (s *Server) Run(ctx context.Context) error {
	server := &http.Server{
		Handler:           s.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelDebug),
	}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	if err := server.Serve(s.Listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return ctx.Err()
}

func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, true, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		ok, message := s.Ready()
		answer(w, ok, message)
	})
	mux.Handle("GET /metrics", promhttp.HandlerFor(s.Metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.Handle("GET /debug/pprof/heap", pprof.Handler("heap"))
	mux.Handle("GET /debug/pprof/goroutine", pprof.Handler("goroutine"))
	mux.Handle("GET /debug/pprof/allocs", pprof.Handler("allocs"))
	mux.HandleFunc("GET /api/v1/objects", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Objects()) })
	mux.HandleFunc("GET /api/v1/report", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Report()) })
	mux.HandleFunc("GET /api/v1/events", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, s.Events()) })
	mux.HandleFunc("GET /api/v1/snapshot", func(w http.ResponseWriter, r *http.Request) {
		served := s.Snapshot()
		if served == nil {
			http.Error(w, "nothing is served yet", http.StatusNotFound)
			return
		}
		writeJSON(w, served)
	})
	return mux
}

func answer(w http.ResponseWriter, ok bool, message string) {
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write([]byte(message + "\n")) // an error here is the client's connection
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	_ = e.Encode(v) // an error here is the client's connection
}
