package proxy

import (
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/routing"
)

// choose says how Backend and Endpoint are to be chosen.
func (x *exchange) choose() balance.Choice {
	if x.result.Rule.Plain {
		return balance.Choice{}
	}
	r := x.result.Rule.Route
	how := balance.Choice{Policy: balance.Policy(r.LoadBalancing)}
	if r.Hash != nil {
		how.Key = x.key()
	}
	return how
}

// key returns the Key of a consistent hash; none where the request has not what is
// hashed.
func (x *exchange) key() balance.Key {
	switch h := x.result.Rule.Route.Hash; {
	case h.ClientIP:
		return balance.KeyOf(x.address)
	case h.Cookie != "":
		return balance.KeyOf(x.in.Fields.Cookie(h.Cookie))
	case h.Query != "":
		value, _ := routing.QueryValue(x.in.Query, h.Query)
		return balance.KeyOf(value)
	case h.Header == "Host":
		return balance.KeyOf(routing.Hostname(x.in.Host))
	default:
		return balance.KeyOf(x.in.Fields.Get(h.Header))
	}
}
