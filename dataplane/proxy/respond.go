package proxy

import (
	"net/http"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// respond gives the client the answer of an Endpoint, and ends the try.
func (x *exchange) respond(t *try) {
	if x.answer.Status == http.StatusSwitchingProtocols {
		x.upgrade(t)
		return
	}
	x.record.Status = x.answer.Status
	cleanAnswer(&x.answer)
	if !x.answer.Fields.Has("Date") { // RFC 9110 section 6.6.1
		x.answer.Fields.Add("Date", httpDate(time.Now()))
	}
	x.credit(t)
	x.modifyAnswer()
	x.harden()
	x.remember(t)
	if err := x.client.head(&x.answer); err != nil {
		x.abort(whyClientGone)
		x.endTry(t, false)
		return
	}
	last, why := x.carry(t)
	if why != "" {
		_ = x.client.flush() // what came is the client's
		x.abort(why)
		x.endTry(t, false)
		return
	}
	x.sent += int64(len(last))
	err := x.client.finish(last, t.call.trailers())
	x.endTry(t, true)
	if err != nil {
		x.abort(whyClientGone)
	}
}

// carry copies the body of the answer but for the last piece, which it returns,
// or why it could not. Whatever has come is sent before more is waited for; but
// a head whose body is of known length waits for the first of it.
func (x *exchange) carry(t *try) (last []byte, why string) {
	if x.answer.Length == 0 || x.in.Method == http.MethodHead || x.answer.Status == http.StatusNotModified {
		return nil, ""
	}
	held := x.answer.Length != message.Unknown
	for {
		if !held && t.call.waits() && x.client.flush() != nil {
			return nil, whyClientGone
		}
		held = false
		p, end, err := t.call.next()
		if err != nil {
			return nil, x.whyBroken()
		}
		if end {
			return p, ""
		}
		if len(p) > 0 {
			if x.client.write(p) != nil {
				return nil, whyClientGone
			}
			x.sent += int64(len(p))
		}
		if done, why := x.splice(t); done {
			return nil, why
		}
	}
}

// whyBroken puts the end of a broken answer in words.
func (x *exchange) whyBroken() string {
	switch x.cause() {
	case gone:
		return whyClientGone
	case requestTimeout:
		return whyRequestTimeout
	case tryTimeout:
		return whyTryTimeout
	}
	return "the endpoint broke the connection within its answer"
}
