package proxy

import (
	"fairlead.dev/fairlead/dataplane/balance"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/routing"
)

// choose chooses the Backend, as World.Next does, and says how its Endpoint is to
// be chosen.
func (x *exchange) choose() (place int, b *live.Backend) {
	rule := x.result.Rule
	x.choice, x.staying = balance.Choice{}, false
	if rule.Plain {
		return x.world.Next(rule, 0)
	}
	x.choice.Policy = balance.Policy(rule.Route.LoadBalancing)
	if rule.Route.Hash != nil {
		x.choice.Key = x.key()
	}
	if rule.Spec.Session != nil {
		if place, b = x.resume(); place >= 0 {
			return place, b
		}
	}
	return x.world.Next(rule, x.choice.Key)
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
