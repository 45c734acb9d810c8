package proxy

import (
	"net/http"
	"net/netip"

	"fairlead.dev/fairlead/dataplane/filter"
	"fairlead.dev/fairlead/dataplane/message"
	"fairlead.dev/fairlead/dataplane/routing"
)

// decide asks the Table. A preflight request goes where the request goes that it
// asks about, if a Filter there answers it.
func (x *exchange) decide() {
	table := x.world.Table
	request := routing.Request{
		Host: x.in.Host, Method: x.in.Method, Path: x.in.Path, RawQuery: x.in.Query, Headers: &x.in.Fields, SNI: x.peer.sni,
		Clients: x.peer.clients,
	}
	if method, ok := filter.IsPreflight(&x.in); ok {
		asked := request
		asked.Method = method
		if res := table.Match(x.kind, asked); res.Rule != nil && hasCORS(res.Rule) {
			x.result = res
			return
		}
	}
	x.result = table.Match(x.kind, request)
}

// answeredChallenge answers an authority that looks whether a host leads here,
// whatever Routes say of it.
func (x *exchange) answeredChallenge() bool {
	if x.kind != routing.Plain || x.in.Method != http.MethodGet && x.in.Method != http.MethodHead {
		return false
	}
	authorization, ok := x.world.Challenges.HTTP(routing.Hostname(x.in.Host), x.in.Path)
	if !ok {
		return false
	}
	x.answer = message.Response{Status: http.StatusOK, Fields: x.answer.Fields[:0]}
	x.answer.Fields.Add("Content-Type", "application/octet-stream") // RFC 8555 section 8.3
	x.replyWith(authorization)
	return true
}

func hasCORS(r *routing.Rule) bool {
	if r.Plain {
		return false
	}
	if corsOf(r.Spec.Filters) != nil {
		return true
	}
	for i := range r.Spec.Backends {
		if corsOf(r.Spec.Backends[i].Filters) != nil {
			return true
		}
	}
	return false
}

// admitted says whether the client may come, and answers where it may not.
func (x *exchange) admitted() bool {
	access := x.result.Rule.Access()
	if access == nil {
		return true
	}
	client, _ := netip.ParseAddr(x.address)
	if access.Admits(client) {
		return true
	}
	x.engine.cfg.Refused("access")
	x.reply(http.StatusForbidden, "the client's address is not admitted")
	return false
}

// answered answers a preflight request, and then what a Filter redirects.
func (x *exchange) answered() bool {
	if c := corsOf(x.filters); c != nil {
		if _, ok := filter.IsPreflight(&x.in); ok {
			x.answer = message.Response{Status: http.StatusNoContent, Fields: x.answer.Fields[:0]}
			filter.CORS(&x.answer.Fields, c, &x.in, true)
			x.replyWith("")
			return true
		}
	}
	return x.redirected()
}
