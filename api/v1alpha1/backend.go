package v1alpha1

import "net"

// checkBackend reports what is wrong between the fields of b.
func (f *findings) checkBackend(path string, b *Backend) {
	switch {
	case len(b.Addresses) > 0:
		f.checkAddresses(path, b)
	case b.Service == "" && b.Port == 0:
		f.invalid(path, "names nothing: add service and port, or addresses")
	case b.Service == "":
		f.invalid(path+".service", "is required beside port")
	case b.Port == 0:
		f.invalid(path+".port", "is required: the port that the tasks of service %q listen on", b.Service)
	}
	f.checkBackendTLS(path+".tls", b)
	f.checkFilters(path+".filters", b.Filters)
}

// checkBackendTLS finds out whether there is a name to verify, and a whole pair of
// secrets to show.
func (f *findings) checkBackendTLS(path string, b *Backend) {
	if b.TLS != nil && b.TLS.ClientSecretRef != nil {
		f.checkSecretRef(path+".clientSecretRef", *b.TLS.ClientSecretRef)
		if b.TLS.ClientSecretRef.Certificate != "" {
			f.invalid(path+".clientSecretRef.certificate", "is for what clients are shown: name cert and key here")
		}
	}
	switch {
	case b.Protocol != ProtocolHTTPS && b.TLS != nil:
		f.invalid(path, "goes with protocol https only, and protocol is %s", b.Protocol)
	case b.TLS != nil && b.TLS.InsecureSkipVerify:
		f.checkUnverified(path, b.TLS)
	case b.Protocol == ProtocolHTTPS && (b.TLS == nil || b.TLS.Hostname == "") && !named(b.Addresses):
		f.invalid(path+".hostname", "is required with protocol https: the name in the backend's certificate; only addresses with DNS names can do without")
	}
}

// checkUnverified finds what would have to be verified.
func (f *findings) checkUnverified(path string, t *BackendTLS) {
	const why = "has no meaning with insecureSkipVerify, which verifies nothing: remove one of them"
	if len(t.CASecretRefs) > 0 {
		f.invalid(path+".caSecretRefs", why)
	}
	if len(t.SubjectAltNames) > 0 {
		f.invalid(path+".subjectAltNames", why)
	}
}

// named says whether all of addresses have DNS names.
func named(addresses []string) bool {
	for _, a := range addresses {
		if host, _, err := net.SplitHostPort(a); err != nil || net.ParseIP(host) != nil {
			return false
		}
	}
	return len(addresses) > 0
}

// checkAddresses finds what has no meaning beside addresses.
func (f *findings) checkAddresses(path string, b *Backend) {
	const why = "stands beside addresses: use either service and port (a swarm service) or addresses (anything else)"
	if b.Service != "" {
		f.invalid(path+".service", why)
	}
	if b.Port != 0 {
		f.invalid(path+".port", why)
	}
	if b.Network != "" {
		f.invalid(path+".network", "goes with service only: addresses are dialled from where the data plane is")
	}
}

// checkMirror finds what has no meaning for a Backend that gets copies.
func (f *findings) checkMirror(path string, b *Backend) {
	f.checkBackend(path, b)
	if len(b.Filters) > 0 {
		f.invalid(path+".filters", "have no effect: a mirror gets the request as the rule's backend does")
	}
}
