package proxy

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/dataplane/live"
)

// failure is why a try gave no answer.
type failure int

const (
	// none: there is an answer.
	none failure = iota
	// connect: there was no connection.
	connect
	// stale: a pooled connection was closed by the Endpoint before it answered.
	stale
	// reset: a connection broke before the answer.
	reset
	// tryTimeout: timeouts.backendRequest is spent.
	tryTimeout
	// requestTimeout: timeouts.request is spent.
	requestTimeout
	// gone: the client went away, or its body broke.
	gone
)

// try is one attempt at an Endpoint.
type try struct {
	endpoint *live.Endpoint
	response *http.Response
	failure  failure
	err      error

	conn atomic.Pointer[net.Conn]
	// reused: a pooled connection was used. net/http may have gone on with a new
	// one where that was stale; if that broke too, another Endpoint is due.
	reused   atomic.Bool
	answered atomic.Bool
	// timer ends the try; nil without timeouts.backendRequest.
	timer  *time.Timer
	cancel context.CancelCauseFunc
}

// discard ends a try whose answer nobody will see.
func (t *try) discard() {
	if t.response != nil {
		t.response.Body.Close()
	}
	t.end()
}

// end releases what the try holds.
func (t *try) end() {
	if t.timer != nil {
		t.timer.Stop()
	}
	t.cancel(context.Canceled)
	t.endpoint.End()
}

// forward sends the request to Endpoints until there is an answer to give.
func (x *exchange) forward(b *live.Backend) {
	ctx, cancel := x.bounded()
	defer cancel()
	defer x.endBody()
	_ = x.rc.EnableFullDuplex() // HTTP/2 is full duplex without
	out := x.outgoing(b)
	policy := x.result.Rule.Route.LoadBalancing

	var tried []*live.Endpoint
	var last *try
	for n := 0; ; n++ {
		e := x.pick(b, policy, tried, last)
		if e == nil {
			break
		}
		if last != nil {
			last.discard()
			if !x.pause(ctx, n) {
				last = &try{failure: x.endOf(ctx)}
				break
			}
		}
		tried = append(tried, e)
		last = x.send(ctx, out, e)
		x.record.Endpoint, x.record.Tries = e.ID, n+1
		if !x.again(last, n) {
			break
		}
	}
	x.conclude(last)
}

// bounded returns the context of the whole request.
func (x *exchange) bounded() (context.Context, context.CancelFunc) {
	if d := x.result.Rule.Spec.Request; d > 0 {
		return context.WithTimeoutCause(x.in.Context(), d, errRequestTimeout)
	}
	return context.WithCancel(x.in.Context())
}

// pick returns the next Endpoint. An Endpoint is tried again only when there is
// no other, and only by a retry, or where its pooled connection was stale.
func (x *exchange) pick(b *live.Backend, policy string, tried []*live.Endpoint, last *try) *live.Endpoint {
	e := b.Pick(policy, tried)
	if e != nil || last == nil {
		return e
	}
	first := slices.Index(tried, last.endpoint) == len(tried)-1
	if x.retryOf() != nil || last.failure == stale && first {
		return b.Pick(policy, nil)
	}
	return nil
}

// pause waits for the back-off of the n-th retry. It reports false if the
// request ended before.
func (x *exchange) pause(ctx context.Context, n int) bool {
	r := x.retryOf()
	if r == nil || r.Backoff <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(r.Backoff << min(n-1, 16))
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// send makes one try.
func (x *exchange) send(ctx context.Context, out *http.Request, e *live.Endpoint) *try {
	t := &try{endpoint: e}
	ctx, t.cancel = context.WithCancelCause(ctx)
	if d := x.result.Rule.Spec.BackendRequest; d > 0 {
		t.timer = time.AfterFunc(d, func() { t.cancel(errTryTimeout) })
	}
	informer := &informer{w: x.w}
	r := out.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn: func(i httptrace.GotConnInfo) {
			t.conn.Store(&i.Conn)
			if i.Reused {
				t.reused.Store(true)
			}
		},
		GotFirstResponseByte: func() { t.answered.Store(true) },
		Got1xxResponse:       informer.inform,
	}))
	u := *out.URL
	u.Host = e.Address
	r.URL = &u
	if hasBody(x.in) {
		r.Body = x.body.view()
		r.GetBody = func() (io.ReadCloser, error) { return x.body.view(), nil }
	}
	e.Begin()
	x.engine.cfg.Monitor.Picked(&e.Health, time.Now().UnixNano())
	t.response, t.err = x.engine.transport(e).RoundTrip(r) //nolint:bodyclose // respond, upgrade and discard do
	informer.stop()
	x.judge(ctx, t)
	return t
}

// judge finds out what became of a try, and tells the Monitor.
func (x *exchange) judge(ctx context.Context, t *try) {
	var failed *connectError
	m := x.engine.cfg.Monitor
	switch {
	case t.err == nil:
		m.Succeeded(&t.endpoint.Health)
	case ctx.Err() != nil:
		t.failure = x.endOf(ctx)
	case x.body.failed():
		t.failure = gone
	case errors.As(t.err, &failed):
		t.failure = connect
	case t.reused.Load() && !t.answered.Load():
		t.failure = stale
	default:
		t.failure = reset
		m.Broke(&t.endpoint.Health, t.endpoint.ID)
	}
}

// endOf says why a context ended.
func (x *exchange) endOf(ctx context.Context) failure {
	switch context.Cause(ctx) {
	case errRequestTimeout:
		return requestTimeout
	case errTryTimeout:
		return tryTimeout
	}
	return gone
}

// again says whether the n-th try, counted from 0, is followed by another.
func (x *exchange) again(t *try, n int) bool {
	if t.failure == gone || t.failure == requestTimeout || !x.body.whole() {
		return false
	}
	r := x.retryOf()
	switch {
	case r == nil:
		return t.failure == connect || t.failure == stale && canBeSentAgain(x.in) || x.onceMore(t)
	case n >= r.Attempts:
		return false
	case t.failure == none:
		return slices.Contains(r.Codes, t.response.StatusCode)
	}
	return true
}

// conclude gives the client what the last try brought.
func (x *exchange) conclude(t *try) {
	if t == nil {
		x.answer(http.StatusServiceUnavailable, "no endpoint is ready")
		return
	}
	if t.cancel != nil {
		defer t.end()
	}
	switch t.failure {
	case none:
		x.respond(t)
	case requestTimeout:
		x.answer(http.StatusGatewayTimeout, errRequestTimeout.Error())
	case tryTimeout:
		x.answer(http.StatusGatewayTimeout, errTryTimeout.Error())
	case gone:
		x.record.Status = statusClientGone
		x.abort("the client went away")
	case connect:
		x.answer(http.StatusBadGateway, "no connection to the endpoint")
	default:
		x.answer(http.StatusBadGateway, "the endpoint broke the connection")
	}
}
