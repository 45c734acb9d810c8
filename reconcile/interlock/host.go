package interlock

import (
	"slices"
	"strings"
)

const maxHost = 253 // RFC 1035 §2.3.4, without the last dot

// readHosts reads hosts and default_backend, which is every host that no other
// Route names. Without either the service cannot be served.
func (t *translation) readHosts() []string {
	var all []string
	for _, item := range t.list(hosts) {
		if host, ok := t.host(hosts, item); ok {
			all = addHost(all, host)
		}
	}
	if t.isTrue(defaultBackend) {
		all = addHost(all, "*")
	}
	switch {
	case len(all) > 0:
	case t.has(hosts):
		t.refuse(hosts, "is %q, which names no host: write it as in \"app.example.org,www.example.org\"", t.Labels[Prefix+hosts])
	default:
		t.refuse(hosts, "is required: the hosts that the service answers to, as in \"app.example.org\"; or default_backend for all others")
	}
	return all
}

// host is a host name as it stands in a Route: in lower case.
func (t *translation) host(label, item string) (host string, ok bool) {
	host = strings.TrimSuffix(strings.ToLower(item), ".")
	if len(host) <= maxHost && hostPattern.MatchString(host) {
		return host, true
	}
	if bare := bareHost(host); bare != host && hostPattern.MatchString(bare) {
		t.wrong(label, "%q is no host name: write it without scheme, port and path: %s", item, bare)
	} else {
		t.wrong(label, "%q is no host name: write it as in app.example.org", item)
	}
	return "", false
}

// bareHost is what is left of a URL without scheme, port and path.
func bareHost(s string) string {
	if _, rest, ok := strings.Cut(s, "://"); ok {
		s = rest
	}
	s, _, _ = strings.Cut(s, "/")
	s, _, _ = strings.Cut(s, ":")
	return s
}

// addHost is all with host in it.
func addHost(all []string, host string) []string {
	if slices.Contains(all, host) {
		return all
	}
	return append(all, host)
}
