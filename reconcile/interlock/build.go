package interlock

import (
	"fmt"
	"slices"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// wish is what the labels ask for, read but not yet put together.
type wish struct {
	short     string // the service's name without its stack's
	hosts     []string
	backend   v1alpha1.Backend
	roots     []string
	strip     bool
	tls       *v1alpha1.RouteTLS
	only      bool
	redirects []redirect
	balancing *v1alpha1.LoadBalancing
	health    *v1alpha1.HealthCheck
	cluster   string
}

func (w *wish) mode() v1alpha1.TLSMode {
	if w.tls == nil {
		return ""
	}
	return w.tls.Mode
}

func (w *wish) passthrough() bool { return w.mode() == v1alpha1.TLSPassthrough }

func (w *wish) terminates() bool { return w.mode() == v1alpha1.TLSTerminate }

func (w *wish) hasHost(host string) bool { return slices.Contains(w.hosts, host) }

// readWish reads every label.
func (t *translation) readWish() wish {
	w := wish{short: shortName(t.Name, t.Namespace)}
	w.hosts = t.readHosts()
	w.backend = t.readBackend(w.short)
	w.tls = t.readTLS()
	w.only = t.readOnly(w.tls)
	w.roots, w.strip = t.readRoots()
	if w.passthrough() && len(w.roots) > 0 {
		t.wrong(contextRoot, "has no effect with ssl_passthrough, where paths are encrypted: remove one of them")
		w.roots, w.strip = nil, false
	}
	if w.passthrough() && w.backend.Protocol != "" {
		t.wrong(sslBackend, "has no meaning with ssl_passthrough, where the service gets the client's own TLS: remove it")
		w.backend.Protocol, w.backend.TLS = "", nil
	}
	t.secureBackend(&w)
	t.readRedirects(&w)
	w.balancing = t.readBalancing(&w)
	w.health = t.readHealth()
	w.cluster = t.readCluster()
	if t.text(websockets) != "" {
		t.skip(websockets, "is needless: every path may switch to WebSocket")
	}
	return w
}

func (t *translation) readCluster() string {
	if t.Labels[Prefix+serviceCluster] == "" {
		return "" // which is the name of the default one
	}
	name := t.text(serviceCluster)
	if name != "" && !clusterName.MatchString(name) {
		t.refuse(serviceCluster, "is %q, must be letters, digits, _, . and -, at most 63 of them, with a letter or digit first", name)
	}
	return name
}

// build puts the Routes together: first that of the service, then those that
// redirect.
func (t *translation) build(w *wish) []v1alpha1.Route {
	var routes []v1alpha1.Route
	for i, part := range chunks(w.servedHosts()) {
		routes = append(routes, t.route(w, numbered("hosts", i, ""), part, w.spec()))
	}
	n := 0
	for _, g := range w.grouped() {
		for _, part := range chunks(g.hosts) {
			routes = append(routes, t.route(w, numbered("redirects", n, "redirects"), part, w.redirecting(g)))
			n++
		}
	}
	return routes
}

// numbered is the suffix of the Route i of a sort: of the second "-redirects-2".
func numbered(sort string, i int, first string) string {
	if i == 0 {
		return first
	}
	return fmt.Sprintf("%s-%d", sort, i+1)
}

const mostHosts = 64 // of one Route

func chunks(hosts []string) [][]string { return slices.Collect(slices.Chunk(hosts, mostHosts)) }

func (t *translation) route(w *wish, suffix string, hosts []string, spec v1alpha1.RouteSpec) v1alpha1.Route {
	spec.Hosts = hosts
	spec.ServiceCluster = w.cluster
	return v1alpha1.Route{
		TypeMeta: v1alpha1.TypeMeta{APIVersion: v1alpha1.GroupVersion, Kind: v1alpha1.KindRoute},
		Metadata: v1alpha1.ObjectMeta{Name: routeName(w.short, t.Name, suffix), Namespace: t.Namespace},
		Spec:     spec,
	}
}

// servedHosts are the hosts at which the service itself answers, on one side at
// least: those without TLS only where they do not redirect.
func (w *wish) servedHosts() []string {
	return slices.DeleteFunc(slices.Clone(w.hosts), func(host string) bool {
		return slices.ContainsFunc(w.redirects, func(r redirect) bool {
			return r.source == host && (w.tls == nil || r.secure)
		})
	})
}

// spec is that of the service's own Route. Each call makes a new one.
func (w *wish) spec() v1alpha1.RouteSpec {
	s := v1alpha1.RouteSpec{LoadBalancing: w.balancing, HealthCheck: w.health, TLS: cloneTLS(w.tls), InfoHeaders: !w.passthrough()}
	if w.terminates() {
		s.TLS.Redirect = &w.only
	}
	b := w.backend
	if len(w.roots) == 0 {
		s.Backend = &b
		return s
	}
	s.Rules = []v1alpha1.Rule{{Matches: prefixes(w.roots), Backends: []v1alpha1.Backend{b}}}
	if w.strip {
		root := "/"
		s.Rules[0].Filters = []v1alpha1.Filter{{Type: v1alpha1.FilterURLRewrite, URLRewrite: &v1alpha1.URLRewrite{
			Path: &v1alpha1.PathModifier{Type: v1alpha1.ReplacePrefixMatch, ReplacePrefixMatch: &root}}}}
	}
	return s
}

func prefixes(roots []string) []v1alpha1.Match {
	var all []v1alpha1.Match
	for _, root := range roots {
		all = append(all, v1alpha1.Match{Path: &v1alpha1.PathMatch{Type: v1alpha1.MatchPathPrefix, Value: root}})
	}
	return all
}

func cloneTLS(tls *v1alpha1.RouteTLS) *v1alpha1.RouteTLS {
	if tls == nil {
		return nil
	}
	own := *tls
	own.SecretRefs = slices.Clone(tls.SecretRefs)
	return &own
}

// group are hosts that redirect in the same way.
type group struct {
	hosts  []string
	target target
	secure bool
}

// grouped are the redirects by where they go, in the order of the label. With
// ssl_only and passthrough every other host has its plain side redirected.
func (w *wish) grouped() []group {
	all := slices.Clone(w.redirects)
	if w.only && w.passthrough() {
		for _, host := range w.hosts {
			if !slices.ContainsFunc(all, func(r redirect) bool { return r.source == host }) {
				all = append(all, redirect{source: host, target: target{scheme: "https", code: 308}})
			}
		}
	}
	var groups []group
	for _, r := range all {
		i := slices.IndexFunc(groups, func(g group) bool { return g.target == r.target && g.secure == r.secure })
		if i < 0 {
			i, groups = len(groups), append(groups, group{target: r.target, secure: r.secure})
		}
		groups[i].hosts = append(groups[i].hosts, r.source)
	}
	return groups
}

func (w *wish) redirecting(g group) v1alpha1.RouteSpec {
	s := v1alpha1.RouteSpec{InfoHeaders: true, Rules: []v1alpha1.Rule{{Filters: []v1alpha1.Filter{g.target.filter()}}}}
	if g.secure {
		both := false
		s.TLS = cloneTLS(w.tls)
		s.TLS.Redirect = &both
	}
	return s
}
