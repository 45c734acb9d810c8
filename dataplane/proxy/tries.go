package proxy

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/wire"
)

// try is one attempt at an Endpoint.
type try struct {
	endpoint *live.Endpoint
	// call is nil where there was no connection.
	call    call
	pump    *pump
	failure failure
	// began is set where the answer is to say how long it took.
	began time.Time
	// timer ends the try; nil without timeouts.backendRequest.
	timer *time.Timer
}

// endTry releases what a try holds. keep says that its connection is good. No
// interrupt reaches the connection from here on: it may be another's soon.
func (x *exchange) endTry(t *try, keep bool) {
	if t.timer != nil {
		t.timer.Stop()
	}
	keep = x.waitFor(nil) && keep && t.pump.finished()
	t.pump.stop()
	if t.call != nil {
		x.ended = time.Now()
		t.call.close(keep, x.ended)
	}
	t.endpoint.End()
}

// forward sends the request to an Endpoint of b, and the answer to the client.
func (x *exchange) forward(b *live.Backend) {
	x.outgoing(b)
	x.deliver(b)
}

// deliver sends x.out to Endpoints until there is an answer to give.
func (x *exchange) deliver(b *live.Backend) {
	if rule := x.result.Rule; !rule.Plain && rule.Spec.Request > 0 {
		x.timer = x.after(rule.Spec.Request, requestTimeout)
	}
	body, whole := x.client.present()
	if whole {
		x.body.n.Store(int64(len(body)))
	}
	if len(x.copies.of) > 0 {
		x.mirror(body, whole)
	}
	var t try
	for n := 0; ; n++ {
		e := x.pick(b, &t)
		if e == nil {
			break
		}
		if n > 0 {
			x.endTry(&t, false)
			if !x.backOff(n) {
				t = try{failure: x.cause()}
				break
			}
		}
		x.tried = append(x.tried, e)
		x.record.Endpoint, x.record.Tries = e.ID, n+1
		t = try{endpoint: e}
		x.send(&t, body, whole)
		if !x.again(&t, n, whole) {
			break
		}
	}
	x.conclude(&t)
	x.endPumps()
	if len(x.copies.of) > 0 {
		x.endMirror()
	}
}

// pick returns the next Endpoint. An Endpoint is tried again only when there is
// no other, and only by a retry, or where its pooled connection was stale.
func (x *exchange) pick(b *live.Backend, last *try) *live.Endpoint {
	e := x.home(b, last)
	if e == nil {
		e = b.Pick(x.choice, x.tried)
	}
	if e != nil || last.endpoint == nil {
		return e
	}
	first := slices.Index(x.tried, last.endpoint) == len(x.tried)-1
	if x.retryOf() != nil || first && (last.failure == stale || last.failure == refused) {
		return b.Pick(x.choice, nil)
	}
	return nil
}

// backOff pauses before the n-th retry. It reports false if the request ended
// before.
func (x *exchange) backOff(n int) bool {
	r := x.retryOf()
	if r == nil || r.Backoff <= 0 {
		return x.pause(0)
	}
	return x.pause(r.Backoff << min(n-1, 16))
}

// send makes one try, up to the final head of its answer.
func (x *exchange) send(t *try, body []byte, whole bool) {
	n := x.nextTry()
	if rule := x.result.Rule; !rule.Plain && rule.Spec.BackendRequest > 0 {
		t.timer = x.afterTry(rule.Spec.BackendRequest, n)
	}
	if x.informs() {
		t.began = time.Now()
	}
	t.endpoint.Begin()
	if t.endpoint.Health.Suspect() {
		x.engine.cfg.Monitor.Picked(&t.endpoint.Health, time.Now().UnixNano())
	}
	for {
		err := x.call(t, body, whole)
		if err == wire.ErrStale {
			t.call.close(false, x.began) // it was never used
			continue
		}
		x.judge(t, err)
		return
	}
}

// call sends the request on one connection and waits for the answer's head.
func (x *exchange) call(t *try, body []byte, whole bool) error {
	var err error
	if t.call, err = x.engine.open(x, t.endpoint); err != nil {
		return err
	}
	if !x.waitFor(t.call) {
		return errInterrupted
	}
	if err := t.call.send(&x.out, body, whole); err != nil {
		return err
	}
	if !whole {
		t.pump = x.startPump(t.call)
	}
	for {
		if err := t.call.readHead(&x.answer); err != nil {
			return err
		}
		if x.answer.Status >= 200 || x.answer.Status == http.StatusSwitchingProtocols {
			return nil
		}
		x.inform()
	}
}

var errInterrupted = errors.New("the exchange was interrupted")

// inform passes an interim answer on. What cannot be is no harm: the client will
// be found gone soon enough.
func (x *exchange) inform() {
	cleanAnswer(&x.answer)
	_ = x.client.interim(&x.answer)
}

// again says whether the n-th try, counted from 0, is followed by another.
func (x *exchange) again(t *try, n int, whole bool) bool {
	if t.failure == gone || t.failure == requestTimeout || !whole && !x.body.whole() {
		return false
	}
	r := x.retryOf()
	switch {
	case r == nil:
		return t.failure == connect || t.failure == refused || t.failure == stale && x.canBeSentAgain() || x.onceMore(t)
	case n >= r.Attempts:
		return false
	case t.failure == none:
		return slices.Contains(r.Codes, x.answer.Status)
	}
	return t.failure != malformed && t.failure != unusable
}

// onceMore says whether a request goes to another Endpoint though its connection
// broke: it is safe (RFC 9110 section 9.2.1), it has no body, and nothing of an
// answer came. It does so once, so that a request which kills whoever reads it
// does not kill them all.
func (x *exchange) onceMore(t *try) bool {
	if t.failure != reset || t.call.answered() || x.sentOnceMore || x.in.HasBody() {
		return false
	}
	switch x.in.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		x.sentOnceMore = true
	}
	return x.sentOnceMore
}

// retryOf returns the Rule's retry; without one, nothing is retried but what may
// always be.
func (x *exchange) retryOf() *snapshot.Retry {
	if x.result.Rule.Plain {
		return nil
	}
	return x.result.Rule.Spec.Retry
}

// conclude gives the client what the last try brought.
func (x *exchange) conclude(t *try) {
	if t.endpoint == nil && t.failure == none {
		x.reply(http.StatusServiceUnavailable, "no endpoint is ready")
		return
	}
	if t.failure == none {
		x.respond(t)
		return
	}
	if t.endpoint != nil {
		defer x.endTry(t, false)
	}
	switch t.failure {
	case requestTimeout:
		x.reply(http.StatusGatewayTimeout, whyRequestTimeout)
	case tryTimeout:
		x.reply(http.StatusGatewayTimeout, whyTryTimeout)
	case gone:
		x.replyToFault()
	case connect:
		x.reply(http.StatusBadGateway, "no connection to the endpoint")
	case unusable:
		x.replyUnusable()
	case malformed:
		x.reply(http.StatusBadGateway, "the endpoint's answer is malformed")
	default:
		x.reply(http.StatusBadGateway, "the endpoint broke the connection")
	}
}

// cleanAnswer removes from an answer what is between its neighbours.
func cleanAnswer(res *message.Response) {
	removeNamed(&res.Fields, res.Fields)
	res.Fields.Keep(func(f *message.Field) bool { return !hopByHop(f.Name) })
}
