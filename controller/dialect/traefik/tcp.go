package traefik

import (
	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/traefik/middleware"
	"fairlead.dev/fairlead/controller/dialect/traefik/object"
	"fairlead.dev/fairlead/controller/dialect/traefik/rule"
)

// readTCP reads a router of TCP: those that pass TLS through by its name become
// Routes, others are for another kind of object.
func (t *translator) readTCP(o *object.Object) {
	o.Used = true
	text, ok := o.Get("rule")
	switch {
	case !ok:
		refuse(o, "", "has no rule")
		return
	case !object.IsTrue(o.Text("tls.passthrough")):
		refuse(o, "rule", "only TLS that is passed through is routed by name: connections without it need a port of their own, and a Route decrypts for HTTP only")
		return
	}
	all, err := rule.Parse(text.Value)
	if err == nil {
		err = onlyHosts(all)
	}
	if err != nil {
		refuse(o, "rule", "%s", err)
		return
	}
	to, err := t.target(o, "tcp.services")
	if err != nil {
		refuse(o, "service", "the router %s", err)
		return
	}
	t.buildTCP(o, all, to)
}

// onlyHosts: of an encrypted connection only the name can be seen, and from
// where it comes.
func onlyHosts(all []rule.Alternative) error {
	for _, a := range all {
		if a.Match.Path != nil || a.Match.Method != "" || len(a.Match.Headers)+len(a.Match.QueryParams)+len(a.Except) > 0 {
			return rule.ErrNot
		}
	}
	return nil
}

func (t *translator) buildTCP(o *object.Object, all []rule.Alternative, to target) {
	r := &router{Object: o, alternatives: all, effects: middleware.ReadTCP(o, t.find)}
	if err := r.checkClients(); err != nil {
		refuse(o, "rule", "%s", err)
		return
	}
	var hosts []string
	for _, g := range r.groups() {
		hosts = append(hosts, g.hosts...)
	}
	route := labels.NewRoute(o.Service, o.Name, v1alpha1.RouteSpec{
		Hosts: hosts, TLS: &v1alpha1.RouteTLS{Mode: v1alpha1.TLSPassthrough}, Backend: &to.backends[0], Access: accessOf(r.effects.Allow),
	})
	route.Open = r.effects.Open
	o.KeyBecame("rule", labels.Field(&route, "spec.hosts"))
	for _, key := range []string{"tls", "tls.passthrough"} {
		o.KeyBecame(key, labels.Field(&route, "spec.tls.mode"))
	}
	o.KeyBecame("service", labels.Field(&route, "spec.backend"))
	o.KeyAdapted("entrypoints", "", "TLS comes in on the ports of --https")
	o.KeyAdapted("priority", "", "the more specific host goes first here")
	t.routes = append(t.routes, route)
}
