package interlock

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// The labels, without Prefix.
const (
	hosts          = "hosts"
	port           = "port"
	network        = "network"
	contextRoot    = "context_root"
	rewrite        = "context_root_rewrite"
	sslCert        = "ssl_cert"
	sslKey         = "ssl_key"
	sslPassthrough = "ssl_passthrough"
	sslOnly        = "ssl_only"
	sslBackend     = "ssl_backend"
	sslVerify      = "ssl_backend_tls_verify"
	websockets     = "websocket_endpoints"
	serviceCluster = "service_cluster"
	stickyCookie   = "sticky_session_cookie"
	ipHash         = "ip_hash"
	algorithm      = "algorithm"
	redirects      = "redirects"
	backendMode    = "backend_mode"
	defaultBackend = "default_backend"
	maxFails       = "max_fails"
	failTimeout    = "fail_timeout"
)

// known are all labels, with the field that each becomes; a path below backend
// is below spec.
var known = map[string]string{
	hosts:          "spec.hosts",
	port:           "backend.port",
	network:        "backend.network",
	contextRoot:    "spec.rules[0].matches[0].path",
	rewrite:        "spec.rules[0].filters[0].urlRewrite.path",
	sslCert:        "spec.tls.secretRefs[0].cert",
	sslKey:         "spec.tls.secretRefs[0].key",
	sslPassthrough: "spec.tls.mode",
	sslOnly:        "spec.tls.redirect",
	sslBackend:     "backend.protocol",
	sslVerify:      "spec.backend.tls.insecureSkipVerify",
	websockets:     "", // every path may switch
	serviceCluster: "spec.serviceCluster",
	stickyCookie:   "spec.loadBalancing.consistentHash.cookie",
	ipHash:         "spec.loadBalancing.consistentHash.clientIP",
	algorithm:      "spec.loadBalancing.type",
	redirects:      "spec.rules[0].filters[0].requestRedirect",
	backendMode:    "backend.mode",
	defaultBackend: "spec.hosts",
	maxFails:       "spec.healthCheck.maxFails",
	failTimeout:    "spec.healthCheck.failTimeout",
}

// checkNames finds labels that are none of Interlock's but look as if they were
// meant to be.
func (t *translation) checkNames() {
	for name, value := range t.Labels {
		short, ours := strings.CutPrefix(strings.ToLower(name), Prefix)
		_, is := known[short]
		switch {
		case is && name == Prefix+short:
		case ours:
			t.add(Problem{Label: name, Value: value, Reason: v1alpha1.ReasonInvalid, Message: "is no label of Interlock, so it does nothing" + suggest(name)})
		case strings.HasPrefix(name, "com.docker.") && nearest(name) != "":
			t.add(Problem{Label: name, Value: value, Reason: v1alpha1.ReasonInvalid, Message: "does nothing here" + suggest(name)})
		}
	}
}

// fields says what became of the labels without a Problem. With rules the
// backend is that of the first.
func (t *translation) fields(withRules bool) []Field {
	off := []string{"false", "task", "default", ""} // as without the label
	backend := "spec.backend."
	if withRules {
		backend = "spec.rules[0].backends[0]."
	}
	var fields []Field
	for name, path := range known {
		label := Prefix + name
		if _, ok := t.Labels[label]; !ok || slices.ContainsFunc(t.Problems, func(p Problem) bool { return p.Label == label }) {
			continue
		}
		if rest, ok := strings.CutPrefix(path, "backend."); ok {
			path = backend + rest
		}
		if slices.Contains(t.skipped, label) || slices.Contains(off, strings.ToLower(strings.TrimSpace(t.Labels[label]))) {
			path = ""
		}
		fields = append(fields, Field{label, path})
	}
	slices.SortFunc(fields, func(a, b Field) int { return strings.Compare(a.Label, b.Label) })
	return fields
}
