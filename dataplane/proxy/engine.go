// Package proxy is the HTTP engine: it takes requests from clients, asks routing
// which Rule serves them and live which Endpoint, and carries request and answer.
//
// One exchange is one request, whatever versions of HTTP its two sides speak. Its
// steps, a file each:
//
//	exchange   find the Rule and the Backend
//	admit      who may come, and what is answered without a Backend
//	choice     what the choice of an Endpoint goes by
//	stay       sessions
//	reply      answer in our own name, or else
//	outgoing   the request as Endpoints get it: header fields, Filters
//	tries      pick an Endpoint and send, again where semantics allow it
//	judge      what became of a try
//	send       the body to the Endpoint, beside the wait for its answer
//	mirror     copies of the request, that nobody waits for
//	respond    the answer as the client gets it, streamed
//	info       what the answer says of where it came from
//	splice     by the kernel, where that can be
//	upgrade    after 101, bytes both ways
//	interrupt  ends an exchange from outside: time-outs, a client that left
//
// An exchange knows its two sides as interfaces:
//
//	client     client1 and answer1: a request on a connection of HTTP/1.1;
//	           client2: a stream of HTTP/2
//	call       call1: a connection from the Endpoint's pool; call2: a stream of
//	           one that is shared
//
// A connection serves one request of HTTP/1.1 after the other (connection), in a
// goroutine that does the Endpoint's I/O too: one wake-up for the request, one
// for the answer. Only a body that has not come with its head gets a goroutine of
// its own, since an answer may come before its end. Nothing is allocated for a
// request: what one needs belongs to its connection or a pool, and is used again.
//
// Nothing is buffered on the way: what one side sends the other gets at once, in
// both directions at the same time. The only bytes kept are the first of a
// request's body, as long as they may have to be sent again (body).
//
// There is no timer per request. A clock looks at all connections four times a
// second (watch, look) and interrupts those that take too long; only timeouts
// that a Route asks for have timers.
package proxy

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"time"

	"fairlead.dev/fairlead/dataplane/access"
	"fairlead.dev/fairlead/dataplane/health"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/session"
	"fairlead.dev/fairlead/dataplane/wire"
)

// Config is what an Engine needs. All but the funcs may be zero.
type Config struct {
	// World returns what is served now. It is asked once for each request.
	World func() *live.World
	// Dial connects to an Endpoint, over TLS where its Backend is to be spoken to so,
	// and then offers it protocols. It bounds its own time and tells Monitor. An
	// error that is a *certificate.UnusableError concerns all Endpoints.
	Dial    func(ctx context.Context, e *live.Endpoint, protocols []string) (*wire.Conn, error)
	Monitor *health.Monitor
	// Begin is called when a request came in, Done when it has ended. The Record
	// and its strings are good until Done returns, but for the Route's.
	Begin func()
	// Counts are those of the Rule; nil where there is none.
	Done func(r *access.Record, counts *live.Counts)
	// Refused counts what a limit or the grammar refused; nil is ignored.
	Refused func(reason string)
	// Sessions returns the keys of sessions, nil while there is none; a nil func is
	// one that never has any.
	Sessions func() *session.Ring
	// Mirrored counts what became of a copy of a request: "sent", "failed",
	// "dropped", "too_large", "incomplete"; nil is ignored.
	Mirrored func(result string)
	// HTTPSPort returns the port that clients are redirected to.
	HTTPSPort func() int

	// Info is what answers say of the data plane, on Routes that want it; nil is
	// nothing.
	Info *Info
	// TrustedProxies are the peers whose word about the client is believed.
	TrustedProxies []netip.Prefix
	Limits         Limits
	// MaxReplay is the number of bytes of a request's body that are kept in order
	// to send them again; 0 means 64 KiB. Longer ones are sent once.
	MaxReplay int
	Log       *slog.Logger
}

// Engine serves HTTP.
type Engine struct {
	cfg     Config
	watched watch
}

// New returns an Engine.
func New(cfg Config) *Engine {
	cfg.Limits = cfg.Limits.withDefaults()
	cfg.MaxReplay = cmp.Or(cfg.MaxReplay, 64<<10)
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Sessions == nil {
		cfg.Sessions = func() *session.Ring { return nil }
	}
	if cfg.Refused == nil {
		cfg.Refused = func(string) {}
	}
	if cfg.Mirrored == nil {
		cfg.Mirrored = func(string) {}
	}
	return &Engine{cfg: cfg}
}

// Run watches over the connections until ctx ends, and then lets what is under
// way end for at most drain. It returns when no connection is left.
func (e *Engine) Run(ctx context.Context, drain time.Duration) error {
	tick := time.NewTicker(watchPeriod)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case now := <-tick.C:
			e.watched.look(now)
		case <-ctx.Done():
		}
	}
	e.watched.drain()
	limit := time.NewTimer(drain)
	defer limit.Stop()
	none := e.watched.none()
	for {
		select {
		case now := <-tick.C:
			e.watched.look(now)
		case <-limit.C:
			e.watched.cut()
		case <-none:
			e.watched.closeIdle()
			return nil
		}
	}
}
