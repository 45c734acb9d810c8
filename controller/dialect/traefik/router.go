package traefik

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
	"fairlead.dev/fairlead/controller/dialect/traefik/middleware"
	"fairlead.dev/fairlead/controller/dialect/traefik/object"
	"fairlead.dev/fairlead/controller/dialect/traefik/rule"
)

// router is a router that was read.
type router struct {
	*object.Object
	alternatives []rule.Alternative
	effects      *middleware.Effects
	target       target
	tls          bool
}

// refuse says why a router becomes no Route.
func refuse(o *object.Object, key, format string, args ...any) {
	o.Lost(o.LabelOf(key), format, args...)
	o.LoseRest("the router is not translated")
}

func (t *translator) readRouter(o *object.Object) {
	o.Used = true
	text, ok := o.Get("rule")
	if !ok {
		refuse(o, "", "has no rule; Traefik's default one does not stand in labels: add traefik.http.routers.%s.rule", o.Name)
		return
	}
	r := &router{Object: o}
	var err error
	if r.alternatives, err = rule.Parse(text.Value); err != nil {
		refuse(o, "rule", "%s", err)
		return
	}
	r.tls = r.readTLS()
	r.effects = middleware.Read(o, t.find)
	if r.effects.Scheme == nil {
		if r.target, err = t.target(o, servicesKind); err != nil {
			refuse(o, "service", "the router %s", err)
			return
		}
	}
	o.KeyBecame("service", "spec.rules[].backends")
	o.KeyAdapted("priority", "", "the more specific match goes first here: look at routers of one host whose numbers say otherwise")
	o.KeyNeedless("rulesyntax", "both are read")
	if err := r.checkClients(); err != nil {
		refuse(o, "rule", "%s", err)
		return
	}
	t.routers = append(t.routers, r)
}

// plain and secure are names that people give to entry points.
var (
	plain  = []string{"web", "http", "insecure", "entry-http", "web-plain"}
	secure = []string{"websecure", "https", "web-secure", "web_secure", "secure", "entry-https", "https-only"}
)

// readTLS says whether the router is for TLS: it says so, or its entry points do
// by their names.
func (r *router) readTLS() bool {
	tls := false
	for _, p := range r.Options {
		tls = tls || p.Key == "tls" && object.IsTrue(p.Value) || strings.HasPrefix(p.Key, "tls.")
	}
	points := labels.Items(strings.ToLower(r.Text("entrypoints")), ",")
	known := 0
	byName := len(points) > 0
	for _, point := range points {
		if slices.Contains(secure, point) || slices.Contains(plain, point) {
			known++
		}
		byName = byName && slices.Contains(secure, point)
	}
	switch {
	case known < len(points):
		r.KeyAdapted("entrypoints", "spec.tls", "an entry point that is known by no common name: requests come in on the ports of --http and --https")
	case byName && !tls:
		r.KeyAdapted("entrypoints", "spec.tls", "is taken for one of TLS by its name")
	default:
		r.KeyBecame("entrypoints", "spec.tls")
	}
	return tls || byName
}

// checkClients puts ClientIP conditions, which must be the same in every
// alternative, to those of middlewares.
func (r *router) checkClients() error {
	first := r.alternatives[0].Clients
	for _, a := range r.alternatives[1:] {
		if !slices.Equal(first, a.Clients) {
			return errors.New("has ClientIP in one alternative and not in another: spec.access is for the whole Route")
		}
	}
	if len(first) > 1 || len(first) > 0 && len(r.effects.Allow) > 0 {
		return errors.New("demands two lists of addresses at once")
	}
	if len(first) > 0 {
		r.effects.Allow = first
		r.KeyAdapted("rule", "spec.access.allow", "others are answered with 403, not 404")
	}
	return nil
}

// checkExcept: what a rule leaves to others is theirs here as well if there is
// such a router, because the more specific path goes first.
func (t *translator) checkExcept(r *router) error {
	for _, a := range r.alternatives {
		for _, path := range a.Except {
			for _, host := range a.OrAny() {
				if !t.serves(r, host, path) {
					return fmt.Errorf("%w: no other router has the path %s of %s", rule.ErrNot, path, host)
				}
			}
			r.KeyAdapted("rule", "", "what it leaves out (%s) goes to the router of that path, because the more specific one goes first", path)
		}
	}
	return nil
}

// serves says whether a router other than r has the path of the host.
func (t *translator) serves(r *router, host, path string) bool {
	for _, other := range t.routers {
		for _, a := range other.alternatives {
			if other != r && a.Match.Path != nil && rewrite.Under(path, a.Match.Path.Value) && slices.Contains(a.OrAny(), host) {
				return true
			}
		}
	}
	return false
}

// isFolded says whether all that a router does is what Routes with TLS do anyway:
// send plain HTTP to https.
func (t *translator) isFolded(r *router) bool {
	to := r.effects.Scheme
	if r.tls || to == nil || to.Scheme != "https" || to.Port != 0 {
		return false
	}
	for _, a := range r.alternatives {
		for _, host := range a.OrAny() {
			if !t.hasTLS(host) {
				return false
			}
		}
	}
	return true
}

func (t *translator) hasTLS(host string) bool {
	return slices.ContainsFunc(t.routers, func(r *router) bool {
		return r.tls && slices.ContainsFunc(r.alternatives, func(a rule.Alternative) bool { return slices.Contains(a.OrAny(), host) })
	})
}

// build makes the Routes of a router.
func (t *translator) build(r *router) {
	if err := t.checkExcept(r); err != nil {
		refuse(r.Object, "rule", "%s", err)
		return
	}
	redirecting := []string{"redirectscheme.scheme", "redirectscheme.port", "redirectscheme.permanent"}
	if t.isFolded(r) {
		const words = "plain HTTP is answered with 308 to https where a Route has TLS"
		for _, key := range redirecting {
			r.effects.Redirecting.KeyAdapted(key, "spec.tls.redirect", "%s", words)
		}
		for _, key := range []string{"rule", "entrypoints", "middlewares", "service", "priority"} {
			r.KeyNeedless(key, "%s", words)
		}
		return
	}
	if r.effects.Scheme != nil {
		for _, key := range redirecting {
			r.effects.Redirecting.KeyBecame(key, "spec.rules[].filters[].requestRedirect")
		}
	}
	for i, g := range r.groups() {
		spec, err := r.spec(g)
		if err != nil {
			refuse(r.Object, "rule", "%s", err)
			return
		}
		name := r.Name
		if i > 0 {
			name = fmt.Sprintf("%s-%d", r.Name, i+1)
		}
		route := labels.NewRoute(r.Service, name, spec)
		route.Open = r.effects.Open
		r.sayRule(&route)
		t.routes = append(t.routes, route)
	}
}

// clientOptions are names of options that seem to ask clients for certificates.
var clientOptions = regexp.MustCompile(`(?i)mtls|client|auth`)

// sayRule says what became of the rule and of the labels for TLS.
func (r *router) sayRule(route *labels.Route) {
	const paths = "spec.hosts"
	r.KeyBecame("rule", labels.Field(route, paths))
	for _, a := range r.alternatives {
		for _, words := range a.Words {
			r.KeyAdapted("rule", "", "%s", words)
		}
		if a.Hosts == nil {
			r.KeyAdapted("rule", "", labels.AnyHost)
		}
	}
	if route.Spec.TLS == nil {
		return
	}
	_, words := labels.Terminate(route.Spec.Hosts)
	said := false
	for _, p := range r.Options {
		switch {
		case p.Key == "tls.options":
			r.Lost(p.Label, "stands in a file: spec.tls has minVersion and clientAuth")
			if clientOptions.MatchString(p.Value) {
				route.Open = append(route.Open, p.Label)
			}
		case p.Key == "tls" || strings.HasPrefix(p.Key, "tls."):
			r.Adapted(p.Label, labels.Field(route, "spec.tls"), "%s", words)
			said = true
		}
	}
	if !said {
		r.KeyAdapted("entrypoints", labels.Field(route, "spec.tls"), "%s", words)
	}
}

// accessOf is the list of addresses as a Route has it.
func accessOf(allow []string) *v1alpha1.Access {
	if len(allow) == 0 {
		return nil
	}
	return &v1alpha1.Access{Allow: allow}
}
