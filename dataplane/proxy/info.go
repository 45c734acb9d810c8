package proxy

import (
	"net/http"
	"strconv"
	"time"
)

// Info is what answers say of the data plane, on Routes that want it.
type Info struct {
	// Proxy names the data plane, Server its program.
	Proxy, Server string
}

// informs says whether the answer is to carry the information headers.
func (x *exchange) informs() bool {
	r := x.result.Rule
	return r != nil && !r.Plain && r.Route.InfoHeaders && x.engine.cfg.Info != nil
}

// identify adds the information headers that need no Endpoint.
func (x *exchange) identify() {
	if !x.informs() {
		return
	}
	f := &x.answer.Fields
	f.Set("x-request-id", x.record.RequestID)
	f.Set("x-proxy-id", x.engine.cfg.Info.Proxy)
	f.Set("x-server-info", x.engine.cfg.Info.Server)
}

// credit adds all information headers to the answer of an Endpoint, whose head
// has just come.
func (x *exchange) credit(t *try) {
	if !x.informs() {
		return
	}
	x.identify()
	took := time.Since(t.began).Seconds()
	x.answer.Fields.Set("x-upstream-addr", t.call.address())
	x.answer.Fields.Set("x-upstream-response-time", strconv.FormatFloat(took, 'f', 3, 64))
}

// unavailable answers a host that nobody knows as Interlock did: with nothing
// that begins with x-.
func (x *exchange) unavailable() {
	x.beginReply(http.StatusServiceUnavailable, "no route for this host")
	x.answer.Fields.Del("X-Content-Type-Options")
	x.endReply()
}
