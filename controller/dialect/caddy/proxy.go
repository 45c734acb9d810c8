package caddy

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy/block"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// proxy is what a reverse_proxy directive says.
type proxy struct {
	backends []v1alpha1.Backend
	balance  *v1alpha1.LoadBalancing
	health   *v1alpha1.HealthCheck
	headers  labels.Headers
	retry    *v1alpha1.Retry
}

// readProxy reads the addresses and the directives below.
func (t *translator) readProxy(d *block.Block, addresses []string) (*proxy, error) {
	p := &proxy{}
	for _, k := range d.Kids {
		if k.Name == "to" {
			addresses = append(addresses, k.Args...)
			k.BecameField("spec.rules[].backends")
		}
	}
	if len(addresses) == 0 {
		return nil, errors.New("says not where to: write {{upstreams 80}}")
	}
	for _, address := range addresses {
		b, err := t.backend(d, address)
		if err != nil {
			return nil, err
		}
		p.add(b)
	}
	for _, k := range d.Kids {
		p.read(k)
	}
	return p, nil
}

// add adds a Backend; addresses of one protocol are one.
func (p *proxy) add(b v1alpha1.Backend) {
	for i := range p.backends {
		if old := &p.backends[i]; len(b.Addresses) > 0 && len(old.Addresses) > 0 && old.Protocol == b.Protocol {
			old.Addresses = append(old.Addresses, b.Addresses...)
			return
		}
	}
	p.backends = append(p.backends, b)
}

var upstream = regexp.MustCompile(`^(?:(https?|h2c)://)?([A-Za-z0-9_.-]+)(?::(\d+))?$`)

// backend reads one address: the service's own, another service's, or any.
func (t *translator) backend(d *block.Block, address string) (v1alpha1.Backend, error) {
	if rest, ok := strings.CutPrefix(address, block.Own); ok {
		scheme, port, _ := strings.Cut(rest, ":")
		return t.serviceBackend(d, d.Service, scheme, port)
	}
	m := upstream.FindStringSubmatch(address)
	if m == nil {
		return v1alpha1.Backend{}, fmt.Errorf("has the address %s, which is no host and port", address)
	}
	for _, s := range t.services {
		if s.Name == m[2] || s.Short() == m[2] && s.Namespace == d.Service.Namespace {
			return t.serviceBackend(d, s, m[1], m[3])
		}
	}
	if m[2] == "localhost" || strings.HasPrefix(m[2], "127.") {
		return v1alpha1.Backend{}, fmt.Errorf("has the address %s, which was the proxy itself", address)
	}
	port, ok := portOf(m[1], m[3])
	b := v1alpha1.Backend{Addresses: []string{fmt.Sprintf("%s:%d", m[2], port)}, Protocol: protocol(m[1])}
	if !ok {
		return b, fmt.Errorf("has the address %s with a bad port", address)
	}
	return b, nil
}

func (t *translator) serviceBackend(d *block.Block, s *labels.Service, scheme, text string) (v1alpha1.Backend, error) {
	port, ok := portOf(scheme, text)
	if !ok {
		return v1alpha1.Backend{}, fmt.Errorf("has the port %s, which is none", text)
	}
	b := s.Backend(port)
	if s.Namespace != d.Service.Namespace {
		b.Service = s.Name
	}
	b.Protocol = protocol(scheme)
	if s == d.Service {
		b.Network = t.networks[d.Set]
	}
	return b, nil
}

// portOf is the port in text, or the scheme's own.
func portOf(scheme, text string) (int, bool) {
	if text == "" && scheme == "https" {
		return 443, true
	}
	if text == "" {
		return 80, true
	}
	return labels.NumberOf(text)
}

func protocol(scheme string) v1alpha1.BackendProtocol {
	switch scheme {
	case "https":
		return v1alpha1.ProtocolHTTPS
	case "h2c":
		return v1alpha1.ProtocolH2C
	}
	return ""
}

// read reads a directive below reverse_proxy.
func (p *proxy) read(k *block.Block) {
	switch {
	case k.Name == "to":
	case k.Name == "header_up" && forwarded(k.Args):
		k.AllNeedless("Host, X-Forwarded-For, -Host, -Proto and X-Real-IP are always sent")
	case k.Name == "header_up" && len(k.Args) > 0:
		changeHeader(k, k.Args, &p.headers.Request, "spec.rules[].filters[].requestHeaderModifier")
	case k.Name == "header_down" && len(k.Args) > 0:
		changeHeader(k, k.Args, &p.headers.Response, "spec.rules[].filters[].responseHeaderModifier")
	case k.Name == "lb_policy":
		p.readPolicy(k)
	case k.Name == "lb_retries":
		p.readRetries(k)
	case strings.HasPrefix(k.Name, "health_") || k.Name == "max_fails" || k.Name == "fail_duration":
		p.readHealth(k)
	case k.Name == "transport":
		p.readTransport(k)
	case k.Name == "flush_interval" || strings.HasPrefix(k.Name, "lb_try") || k.Name == "stream_timeout" || k.Name == "stream_close_delay":
		k.AllNeedless("answers are passed on as they come, connections stay, and a failed connect is tried elsewhere")
	default:
		k.AllLost("is no directive of reverse_proxy that Routes have")
	}
}

// forwarded says whether a header field is one that is sent anyway.
func forwarded(args []string) bool {
	if len(args) < 2 {
		return false
	}
	name := strings.ToLower(args[0])
	always := name == "x-forwarded-for" || name == "x-forwarded-host" || name == "x-forwarded-proto" || name == "x-real-ip" || name == "host"
	return always && strings.HasPrefix(args[1], "{") && !strings.Contains(args[1], "upstream")
}
