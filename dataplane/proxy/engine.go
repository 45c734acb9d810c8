// Package proxy is the HTTP engine: it takes requests from clients, asks routing
// which Rule serves them and live which Endpoint, and carries request and answer.
//
// One exchange is one request. Its steps, a file each:
//
//	exchange   decide; answer by itself, or else
//	outgoing   the request as the Endpoint gets it: header fields, Filters
//	tries      pick an Endpoint and send, again where semantics allow it
//	respond    the answer as the client gets it, streamed
//	upgrade    after 101, bytes both ways
//
// Nothing is buffered on the way: what one side sends the other gets at once, in
// both directions at the same time. The only bytes kept are the first of a
// request's body, as long as they may have to be sent again (body).
//
// This engine is net/http on both sides. Every decision stands in a package that
// does not know net/http (routing, filter, balance, health), so that another
// engine can take its place.
package proxy

import (
	"cmp"
	"context"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"fairlead.dev/fairlead/dataplane/access"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/routing"
)

// Config is what an Engine needs. All but the funcs may be zero.
type Config struct {
	// World returns what is served now. It is asked once for each request.
	World func() *live.World
	// Dial connects to an Endpoint, bounds its own time and tells Monitor.
	Dial    func(ctx context.Context, e *live.Endpoint) (net.Conn, error)
	Monitor *health.Monitor
	// Begin is called when a request came in, Done when it has ended.
	Begin func()
	Done  func(*access.Record)
	// HTTPSPort returns the port that clients are redirected to.
	HTTPSPort func() int

	// TrustedProxies are the peers whose word about the client is believed.
	TrustedProxies []netip.Prefix
	// HeaderTimeout bounds the reading of a request's head; 0 means 10 s.
	HeaderTimeout time.Duration
	// IdleTimeout ends connections without a request, on both sides; 0 means 90 s.
	IdleTimeout time.Duration
	// MaxHeaderBytes bounds a request's head; 0 means 64 KiB.
	MaxHeaderBytes int
	// MaxReplay is the number of bytes of a request's body that are kept in order
	// to send them again; 0 means 64 KiB. Longer ones are sent once.
	MaxReplay int
	Log       *slog.Logger
}

// Engine serves HTTP.
type Engine struct {
	cfg Config

	exchanges counter
	// force ends upgraded connections.
	force context.Context
	end   context.CancelFunc
}

// New returns an Engine.
func New(cfg Config) *Engine {
	cfg.HeaderTimeout = cmp.Or(cfg.HeaderTimeout, 10*time.Second)
	cfg.IdleTimeout = cmp.Or(cfg.IdleTimeout, 90*time.Second)
	cfg.MaxHeaderBytes = cmp.Or(cfg.MaxHeaderBytes, 64<<10)
	cfg.MaxReplay = cmp.Or(cfg.MaxReplay, 64<<10)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	e := &Engine{cfg: cfg}
	e.force, e.end = context.WithCancel(context.Background())
	return e
}

// Serve serves what l accepts until ctx ends, and then lets what is under way
// end for at most drain. On routing.TLS the connections of l are *tls.Conn with
// the handshake done.
func (e *Engine) Serve(ctx context.Context, l net.Listener, kind routing.Listener, drain time.Duration) error {
	s := e.server(kind)
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if s.Shutdown(limit) != nil {
		s.Close()
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	// Upgraded connections are not the server's any more.
	stop := context.AfterFunc(limit, e.end)
	defer stop()
	<-e.exchanges.none()
	return nil
}

func (e *Engine) server(kind routing.Listener) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	if kind == routing.TLS {
		protocols.SetHTTP2(true)
	} else {
		protocols.SetUnencryptedHTTP2(true)
	}
	return &http.Server{
		Handler:           e.Handler(kind),
		Protocols:         protocols,
		ReadHeaderTimeout: e.cfg.HeaderTimeout,
		IdleTimeout:       e.cfg.IdleTimeout,
		MaxHeaderBytes:    e.cfg.MaxHeaderBytes,
		// Nothing is answered that was not asked of the Table, also not OPTIONS *.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     log.New(debugLog{e.cfg.Log}, "", 0),
	}
}

// debugLog takes what net/http has to say: broken connections, mostly, which
// clients cause as they like.
type debugLog struct{ log *slog.Logger }

func (d debugLog) Write(line []byte) (int, error) {
	d.log.Debug("http server", "message", string(line))
	return len(line), nil
}

// Handler returns the Engine's handler for requests of one Listener.
func (e *Engine) Handler(kind routing.Listener) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		e.exchanges.add(1)
		defer e.exchanges.add(-1)
		e.cfg.Begin()
		x := newExchange(e, kind, w, r)
		defer x.finish()
		x.serve()
	})
}
