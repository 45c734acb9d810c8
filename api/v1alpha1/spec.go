package v1alpha1

import (
	"regexp"
	"strings"
)

// checkSpec reports what is wrong between the fields of a RouteSpec.
func (f *findings) checkSpec(s *RouteSpec) {
	f.checkNames("spec.hosts", s.Hosts)
	switch {
	case s.Backend != nil && len(s.Rules) > 0:
		f.invalid("spec.backend", "stands beside rules: use either backend (everything goes there) or rules")
	case s.Backend == nil && len(s.Rules) == 0:
		f.invalid("spec", "says nowhere where requests go: add backend, or rules")
	}
	if s.TLS != nil {
		f.checkTLS(s.TLS)
	}
	if s.Backend != nil {
		f.checkBackend("spec.backend", s.Backend)
	}
	f.checkRules(s.Rules)
	if s.TLS != nil && s.TLS.Mode == TLSPassthrough {
		f.checkPassthrough(s)
	}
	if s.HealthCheck != nil {
		f.checkHealthCheck(s.HealthCheck, s.TLS)
	}
	if s.LoadBalancing != nil {
		f.checkLoadBalancing(s.LoadBalancing, s.TLS)
	}
}

// checkNames finds hosts that are equal but for case and a trailing dot.
func (f *findings) checkNames(path string, hosts []string) {
	seen := map[string]bool{}
	for i, h := range hosts {
		h = strings.ToLower(strings.TrimSuffix(h, "."))
		if seen[h] {
			f.invalid(at(path, i), "%q stands there twice", h)
		}
		seen[h] = true
	}
}

func (f *findings) checkTLS(t *RouteTLS) {
	switch t.Mode {
	case TLSTerminate:
		switch {
		case len(t.SecretRefs) == 0 && t.IssuerRef == "":
			f.invalid("spec.tls.secretRefs", "is required with mode Terminate: name the Docker secrets of the certificate and its key, as in [{cert: demo.cert, key: demo.key}], or an Issuer with issuerRef")
		case len(t.SecretRefs) > 0 && t.IssuerRef != "":
			f.invalid("spec.tls.issuerRef", "stands beside secretRefs: use either an Issuer, or secrets")
		}
		for i := range t.SecretRefs {
			f.checkSecretRef(at("spec.tls.secretRefs", i), t.SecretRefs[i])
		}
		f.checkClientAuth(t)
		f.checkVersions(t)
		f.checkCipherSuites(t)
		f.checkCurves(t)
		f.checkHSTS(t.HSTS)
	case TLSPassthrough:
		f.checkPassthroughTLS(t)
	}
}

// checkSecretRef finds a reference that is neither of the two kinds.
func (f *findings) checkSecretRef(path string, ref SecretRef) {
	switch {
	case ref.Certificate != "" && (ref.Cert != "" || ref.Key != ""):
		f.invalid(path+".certificate", "stands beside cert and key: use either the label of secrets, or their names")
	case ref.Certificate == "" && ref.Cert == "":
		f.invalid(path+".cert", "is required")
	case ref.Certificate == "" && ref.Key == "":
		f.invalid(path+".key", "is required")
	}
}

// checkPassthrough finds what needs to see requests: Passthrough sees only the
// name that the client asks for.
func (f *findings) checkPassthrough(s *RouteSpec) {
	const why = "needs to see requests, and with tls.mode Passthrough they are encrypted: remove it, or use mode Terminate"
	if len(s.Rules) > 1 {
		f.invalid("spec.rules", "has %d rules, but with tls.mode Passthrough nothing can choose between them: put all backends into one rule", len(s.Rules))
	}
	if s.Backend != nil && len(s.Backend.Filters) > 0 {
		f.invalid("spec.backend.filters", why)
	}
	if s.Backend != nil && s.Backend.Protocol == ProtocolHTTPS {
		f.invalid("spec.backend.protocol", why)
	}
	for i := range s.Rules {
		f.inRule(i, func(path string) {
			for _, field := range requestFields(&s.Rules[i]) {
				f.invalid(path+"."+field, why)
			}
		})
	}
}

// requestFields names the fields of r that concern single requests.
func requestFields(r *Rule) []string {
	var fields []string
	note := func(used bool, field string) {
		if used {
			fields = append(fields, field)
		}
	}
	note(len(r.Matches) > 0, "matches")
	note(len(r.Filters) > 0, "filters")
	note(r.Timeouts != nil, "timeouts")
	note(r.Retry != nil, "retry")
	note(r.SessionPersistence != nil, "sessionPersistence")
	for i := range r.Backends {
		note(len(r.Backends[i].Filters) > 0, at("backends", i)+".filters")
		note(r.Backends[i].Protocol == ProtocolHTTPS, at("backends", i)+".protocol")
	}
	return fields
}

// checkExpression finds expressions that RE2 does not compile.
func (f *findings) checkExpression(path, expression string) {
	if _, err := regexp.Compile(expression); err != nil {
		f.invalid(path, "%q is no regular expression (RE2): %s", expression, strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
}
