package dialect

import (
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// verify gives Backends that are spoken to with TLS the name that their
// certificate has to hold, where labels did not say one: other products mostly
// verified nothing. It is the host that clients ask for.
func verify(r *labels.Result) {
	for i := range r.Routes {
		s := &r.Routes[i].Spec
		if s.Backend != nil {
			verifyAs(s.Backend, s.Hosts)
		}
		for j := range s.Rules {
			for k := range s.Rules[j].Backends {
				verifyAs(&s.Rules[j].Backends[k], s.Hosts)
			}
		}
	}
}

// closeRedirects: a Route that only redirects lets nobody in.
func closeRedirects(r *labels.Result) {
	for i := range r.Routes {
		s := &r.Routes[i].Spec
		in := s.Backend != nil
		for _, rule := range s.Rules {
			in = in || len(rule.Backends) > 0
		}
		if !in {
			r.Routes[i].Open = nil
		}
	}
}

func verifyAs(b *v1alpha1.Backend, hosts []string) {
	if b.Protocol != v1alpha1.ProtocolHTTPS || b.TLS != nil && b.TLS.Hostname != "" {
		return
	}
	tls := v1alpha1.BackendTLS{}
	if b.TLS != nil {
		tls = *b.TLS
	}
	tls.Hostname = b.Service
	for _, host := range hosts {
		if host != "*" {
			tls.Hostname = strings.TrimPrefix(host, "*.")
			break
		}
	}
	b.TLS = &tls
}
