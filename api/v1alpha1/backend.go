package v1alpha1

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
	if b.TLS != nil && b.Protocol != ProtocolHTTPS {
		f.invalid(path+".tls", "goes with protocol https only, and protocol is %s", b.Protocol)
	}
	f.checkFilters(path+".filters", b.Filters)
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
