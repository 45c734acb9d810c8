package proxy

import "fairlead.dev/fairlead/dataplane/routing"

// harden tells browsers to come by TLS only, where the Route wants that: over TLS,
// as in the clear anybody could have said so (RFC 6797 section 7.2).
func (x *exchange) harden() {
	if r := x.result.Rule; r != nil && !r.Plain && r.Route.HSTS != "" && x.kind == routing.TLS {
		x.answer.Fields.Set("Strict-Transport-Security", r.Route.HSTS)
	}
}
