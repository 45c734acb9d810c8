package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/access"
	"fairlead.dev/fairlead/dataplane/filter"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/routing"
)

// exchange is one request and its answer.
type exchange struct {
	engine *Engine
	kind   routing.Listener
	w      http.ResponseWriter
	in     *http.Request
	rc     *http.ResponseController

	began  time.Time
	client clientOf
	record access.Record
	body   *replay
	out    atomic.Int64 // bytes of the answer's body

	// world and result are what the request was decided by; it keeps them to its
	// end, whatever is published meanwhile.
	world  *live.World
	result routing.Result
	// filters are those of the Rule and then of the chosen Backend.
	filters []snapshot.Filter
	// sentOnceMore: a connection broke, and the request was sent again for that.
	sentOnceMore bool
}

// statusClientGone is logged where the client did not wait for an answer.
const statusClientGone = 499

// The causes with which contexts end.
var (
	errRequestTimeout = errors.New("the time for the request is spent")
	errTryTimeout     = errors.New("the time for the try is spent")
)

func newExchange(e *Engine, kind routing.Listener, w http.ResponseWriter, r *http.Request) *exchange {
	x := &exchange{engine: e, kind: kind, w: w, in: r, rc: http.NewResponseController(w), began: time.Now()}
	x.client = e.clientOf(r)
	x.body = newReplay(r.Body, e.cfg.MaxReplay)
	x.record = access.Record{
		Time: x.began, Listener: kind.String(), Client: x.client.address, RequestID: x.requestID(),
		Method: r.Method, Host: r.Host, Path: r.URL.EscapedPath(), Protocol: r.Proto,
	}
	return x
}

// finish hands the record on, also where the exchange was aborted by a panic.
func (x *exchange) finish() {
	x.record.Duration = time.Since(x.began).Seconds()
	x.record.BytesIn, x.record.BytesOut = x.body.count(), x.out.Load()
	x.engine.cfg.Done(&x.record)
}

func (x *exchange) serve() {
	if x.in.Method == http.MethodConnect {
		x.answer(http.StatusMethodNotAllowed, "CONNECT is not served")
		return
	}
	x.world = x.engine.cfg.World()
	x.result = x.world.Table.Match(x.kind, x.request())
	if r := x.result.Rule; r != nil {
		x.record.Route, x.record.Rule = r.Route.Key, r.Spec.Name
	}
	switch x.result.Outcome {
	case routing.Found:
		x.serveRule()
	case routing.RedirectToHTTPS:
		x.redirect(&snapshot.Redirect{Scheme: "https", Port: x.engine.cfg.HTTPSPort(), StatusCode: http.StatusPermanentRedirect}, "/")
	case routing.Misdirected:
		x.answer(http.StatusMisdirectedRequest, "this connection is not for this host")
	default:
		x.answer(http.StatusNotFound, "no route matches")
	}
}

// request is what routing decides by.
func (x *exchange) request() routing.Request {
	r := routing.Request{
		Host: x.in.Host, Method: x.in.Method, Path: x.in.URL.EscapedPath(), RawQuery: x.in.URL.RawQuery, Headers: x.in.Header,
	}
	if x.in.TLS != nil {
		r.SNI = x.in.TLS.ServerName
	}
	return r
}

// serveRule chooses the Backend, and looks for a Filter that answers.
func (x *exchange) serveRule() {
	rule := x.result.Rule.Spec
	x.filters = rule.Filters
	if x.redirected() {
		return
	}
	i, backend := x.world.Next(x.result.Rule)
	if i < 0 {
		x.answer(http.StatusInternalServerError, "the rule has no backend")
		return
	}
	if more := rule.Backends[i].Filters; len(more) > 0 {
		x.filters = append(x.filters[:len(x.filters):len(x.filters)], more...)
		if x.redirected() {
			return
		}
	}
	if backend == nil {
		x.answer(http.StatusInternalServerError, "the backend does not resolve")
		return
	}
	x.record.Backend = backend.Name()
	x.forward(backend)
}

// redirected answers with the first redirect among the Filters.
func (x *exchange) redirected() bool {
	for i := range x.filters {
		if r := x.filters[i].Redirect; r != nil {
			x.modifyResponse(x.w.Header())
			x.redirect(r, x.prefix())
			return true
		}
	}
	return false
}

// prefix is what the PathPrefix of the winning Match covers.
func (x *exchange) prefix() string {
	if m := x.result.Match; m.Path.Type == snapshot.PathPrefix {
		return m.Path.Value
	}
	return "/"
}

func (x *exchange) redirect(r *snapshot.Redirect, prefix string) {
	if x.in.Host == "" && r.Hostname == "" {
		x.answer(http.StatusBadRequest, "the request names no host")
		return
	}
	x.w.Header().Set("Location", filter.Location(r, filter.Place{
		Scheme: x.kind.String(), Host: routing.Hostname(x.in.Host), Port: x.port(),
		Path: x.path(), RawQuery: x.in.URL.RawQuery, Prefix: prefix,
	}))
	x.record.Status = r.StatusCode
	x.w.WriteHeader(r.StatusCode)
}

func (x *exchange) path() string {
	if p := x.in.URL.EscapedPath(); p != "" {
		return p
	}
	return "/"
}

// port is the Listener's.
func (x *exchange) port() int {
	if a, ok := x.in.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
		if p, err := netip.ParseAddrPort(a.String()); err == nil {
			return int(p.Port())
		}
	}
	return 0
}

// answer answers in the data plane's own name.
func (x *exchange) answer(status int, why string) {
	x.record.Status, x.record.Error = status, why
	h := x.w.Header()
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	x.w.WriteHeader(status)
	n, _ := io.WriteString(x.w, http.StatusText(status)+": "+why+"\n")
	x.out.Add(int64(n))
}

// abort cuts the client off, so that what it has is not taken for a whole answer.
func (x *exchange) abort(why string) {
	x.record.Error = why
	panic(http.ErrAbortHandler)
}

// clientGone says whether the client does not wait any more.
func (x *exchange) clientGone() bool {
	return errors.Is(x.in.Context().Err(), context.Canceled)
}
