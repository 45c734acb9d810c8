package proxy

import (
	"encoding/hex"
	"math/rand/v2"
	"net/http"
	"time"
	"unsafe"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/access"
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/filter"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/routing"
)

// exchange is one request and its answer. An exchange is used again for the next
// request: begin makes it ready.
type exchange struct {
	engine *Engine
	kind   routing.Listener
	client client
	peer   *peer
	in     message.Request

	*interruption
	began, ended time.Time
	// address is the client's, which the peer may speak for.
	address   string
	record    access.Record
	requestID [32]byte
	body      replay
	pumps     pumps
	// sent are the bytes of the answer's body.
	sent int64

	// world and result are what the request was decided by; it keeps them to its
	// end, whatever is published meanwhile.
	world  *live.World
	result routing.Result
	// filters are those of the Rule and then of the chosen Backend.
	filters []snapshot.Filter
	// out is the request as Endpoints get it, answer what the client gets.
	out    message.Request
	answer message.Response
	tried  []*live.Endpoint
	// choice is how Endpoints are picked.
	choice balance.Choice
	// stay is the client's session, where staying; else it may be of another request.
	stay    *stay
	staying bool
	copies  copies
	// timer ends the request; nil without timeouts.request.
	timer *time.Timer
	// sentOnceMore: a connection broke, and the request was sent again for that.
	sentOnceMore bool
	// pending: the certificates that the Backend is to be spoken to with may come.
	pending bool
}

// statusClientGone is logged where the client did not wait for an answer.
const statusClientGone = 499

// What ends an exchange early, in words.
const (
	whyRequestTimeout = "the time for the request is spent"
	whyTryTimeout     = "the time for the try is spent"
	whyClientGone     = "the client went away"
)

// begin makes x ready for the request that stands in x.in.
func (x *exchange) begin() {
	x.began = time.Now()
	x.body.begin(x.client, x.engine.cfg.MaxReplay)
	x.sent, x.filters, x.tried = 0, nil, x.tried[:0]
	x.sentOnceMore, x.timer = false, nil
	x.copies.of = x.copies.of[:0]
	x.address = x.engine.clientOf(x.peer, x.in.Fields)
	x.record = access.Record{
		Time: x.began, Listener: x.kind.String(), Client: x.address, RequestID: x.newRequestID(),
		Method: x.in.Method, Host: x.in.Host, Path: x.in.Path, Protocol: x.in.Protocol,
	}
}

// newRequestID keeps a trusted peer's and makes one else: 128 random bits. It
// names a request and proves nothing, so the generator need not be a secret one.
func (x *exchange) newRequestID() string {
	if x.peer.trusted {
		if id := x.in.Fields.Get("X-Request-Id"); id != "" {
			return id
		}
	}
	var b [16]byte
	for i := 0; i < len(b); i += 8 {
		n := rand.Uint64()
		for k := range 8 {
			b[i+k] = byte(n >> (8 * k))
		}
	}
	hex.Encode(x.requestID[:], b[:])
	return unsafe.String(&x.requestID[0], len(x.requestID))
}

// run serves the request from its decision to its record. The client's side says
// after it whether its connection is good for another one.
func (x *exchange) run() {
	x.engine.cfg.Begin()
	x.begin()
	x.serve()
	x.end()
}

// refuse answers what did not become a request.
func (x *exchange) refuse(status int, why string) {
	x.engine.cfg.Begin()
	x.begin()
	x.reply(status, why)
	x.end()
}

func (x *exchange) end() {
	if x.timer != nil {
		x.timer.Stop()
	}
	x.interruption.end()
	if x.ended.Before(x.began) {
		x.ended = time.Now()
	}
	x.record.Duration = x.ended.Sub(x.began).Seconds()
	x.record.BytesIn, x.record.BytesOut = x.body.count(), x.sent
	var counts *live.Counts
	if x.result.Rule != nil {
		counts = x.world.Counts(x.result.Rule)
	}
	x.engine.cfg.Done(&x.record, counts)
	x.world, x.result = nil, routing.Result{}
	x.leave()
	clear(x.copies.of)
}

func (x *exchange) serve() {
	if x.in.Method == http.MethodConnect {
		x.reply(http.StatusMethodNotAllowed, "CONNECT is not served")
		return
	}
	if limit := x.engine.cfg.Limits.BodyBytes; limit > 0 && x.in.Length > limit {
		x.engine.cfg.Refused("body_bytes")
		x.reply(http.StatusRequestEntityTooLarge, errBodyTooLarge.why)
		return
	}
	x.world = x.engine.cfg.World()
	if x.world.Challenges != nil && x.answeredChallenge() {
		return
	}
	x.in.Fields = x.peer.shown.replace(x.in.Fields)
	x.decide()
	if r := x.result.Rule; r != nil {
		x.record.Route, x.record.Rule = r.Key, r.Name
	}
	switch x.result.Outcome {
	case routing.Found:
		x.serveRule()
	case routing.RedirectToHTTPS:
		x.redirect(&snapshot.Redirect{Scheme: "https", Port: x.engine.cfg.HTTPSPort(), StatusCode: http.StatusPermanentRedirect}, "/")
	case routing.Unavailable:
		x.unavailable()
	case routing.Misdirected:
		x.reply(http.StatusMisdirectedRequest, "this connection is not for this host")
	default:
		x.reply(http.StatusNotFound, "no route matches")
	}
}

// serveRule chooses the Backend, and looks for a Filter that answers.
func (x *exchange) serveRule() {
	rule := x.result.Rule
	if !rule.Plain {
		x.filters = rule.Spec.Filters
		if !x.admitted() || x.answered() {
			return
		}
	}
	i, backend := x.choose()
	if i < 0 {
		x.reply(http.StatusInternalServerError, "the rule has no backend")
		return
	}
	if !rule.Plain && x.addFilters(rule.Spec.Backends[i].Filters) && x.answered() {
		return
	}
	if backend == nil {
		x.reply(http.StatusInternalServerError, "the backend does not resolve")
		return
	}
	x.record.Backend = backend.Name()
	if !rule.Plain {
		x.chooseMirrors(rule.Spec.Mirrors)
		x.chooseMirrors(rule.Spec.Backends[i].Mirrors)
	}
	x.forward(backend)
}

// addFilters adds those of the chosen Backend, and says whether there are any.
func (x *exchange) addFilters(more []snapshot.Filter) bool {
	x.filters = append(x.filters[:len(x.filters):len(x.filters)], more...)
	return len(more) > 0
}

// redirected answers with the first redirect among the Filters.
func (x *exchange) redirected() bool {
	for i := range x.filters {
		if r := x.filters[i].Redirect; r != nil {
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
		x.reply(http.StatusBadRequest, "the request names no host")
		return
	}
	x.answer = message.Response{Status: r.StatusCode, Fields: x.answer.Fields[:0]}
	x.identify()
	x.modifyAnswer()
	x.answer.Fields.Set("Location", filter.Location(r, filter.Place{
		Scheme: x.kind.String(), Host: routing.Hostname(x.in.Host), Port: x.peer.port,
		Path: x.path(), RawQuery: x.in.Query, Prefix: prefix,
	}))
	x.replyWith("")
}

func (x *exchange) path() string {
	if x.in.Path != "" {
		return x.in.Path
	}
	return "/"
}
