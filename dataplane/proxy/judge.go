package proxy

import (
	"errors"

	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/http2"
)

// judge finds out what became of a try, and tells the Monitor.
func (x *exchange) judge(t *try, err error) {
	m := x.engine.cfg.Monitor
	switch why := x.cause(); {
	case why != none && (err != nil || why != tryTimeout):
		t.failure = why
	case err == nil:
		m.Answered(&t.endpoint.Health, t.endpoint.ID, x.answer.Status)
		if trust := t.endpoint.Backend.Trust; trust != nil {
			trust.Withdraw()
		}
	case t.call != nil && x.unwelcome(t, err):
		t.failure = connect
	case errors.Is(err, http2.ErrNotProcessed), err == errNoStream:
		t.failure = refused
	case t.call == nil:
		t.failure = x.notConnected(err)
	case isMalformed(err):
		t.failure = malformed
		x.engine.cfg.Log.Debug("malformed answer", "endpoint", t.endpoint.ID, "error", err)
	case t.call.reused() && !t.call.answered():
		t.failure = stale
	default:
		t.failure = reset
		m.Broke(&t.endpoint.Health, t.endpoint.ID)
		x.engine.cfg.Log.Debug("connection broke", "endpoint", t.endpoint.ID, "error", err)
	}
}

// isMalformed says whether an answer broke the grammar.
func isMalformed(err error) bool {
	var fault1 *http1.Error
	var fault2 *http2.Error
	return errors.As(err, &fault1) || errors.As(err, &fault2) && !fault2.Remote
}
