package caddy

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
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
func (t *translator) readProxy(d *block, addresses []string) (*proxy, error) {
	p := &proxy{}
	for _, k := range d.kids {
		if k.name == "to" {
			addresses = append(addresses, k.args...)
			k.became("spec.rules[].backends")
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
	for _, k := range d.kids {
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
func (t *translator) backend(d *block, address string) (v1alpha1.Backend, error) {
	if rest, ok := strings.CutPrefix(address, own); ok {
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

func (t *translator) serviceBackend(d *block, s *labels.Service, scheme, text string) (v1alpha1.Backend, error) {
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
func (p *proxy) read(k *block) {
	switch {
	case k.name == "to":
	case k.name == "header_up" && forwarded(k.args):
		k.needless("Host, X-Forwarded-For, -Host, -Proto and X-Real-IP are always sent")
	case k.name == "header_up" && len(k.args) > 0:
		changeHeader(k, k.args, &p.headers.Request, "spec.rules[].filters[].requestHeaderModifier")
	case k.name == "header_down" && len(k.args) > 0:
		changeHeader(k, k.args, &p.headers.Response, "spec.rules[].filters[].responseHeaderModifier")
	case k.name == "lb_policy":
		p.readPolicy(k)
	case k.name == "lb_retries":
		p.readRetries(k)
	case strings.HasPrefix(k.name, "health_") || k.name == "max_fails" || k.name == "fail_duration":
		p.readHealth(k)
	case k.name == "transport":
		p.readTransport(k)
	case k.name == "flush_interval" || strings.HasPrefix(k.name, "lb_try") || k.name == "stream_timeout" || k.name == "stream_close_delay":
		k.needless("answers are passed on as they come, connections stay, and a failed connect is tried elsewhere")
	default:
		k.lost("is no directive of reverse_proxy that Routes have")
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

func (p *proxy) readPolicy(k *block) {
	name, value := "", ""
	if len(k.args) > 0 {
		name = k.args[0]
	}
	if len(k.args) > 1 {
		value = k.args[1]
	}
	hash := func(key v1alpha1.HashKey) *v1alpha1.LoadBalancing {
		return &v1alpha1.LoadBalancing{Type: v1alpha1.ConsistentHash, ConsistentHash: &key}
	}
	switch {
	case name == "random":
		p.balance = &v1alpha1.LoadBalancing{Type: v1alpha1.Random}
	case name == "round_robin":
		p.balance = &v1alpha1.LoadBalancing{Type: v1alpha1.RoundRobin}
	case name == "least_conn":
		p.balance = &v1alpha1.LoadBalancing{Type: v1alpha1.LeastRequest}
	case name == "ip_hash" || name == "client_ip_hash":
		p.balance = hash(v1alpha1.HashKey{ClientIP: true})
	case name == "header" && value != "":
		p.balance = hash(v1alpha1.HashKey{Header: value})
	case name == "query" && value != "":
		p.balance = hash(v1alpha1.HashKey{Query: value})
	case name == "cookie":
		k.lost("the cookie is not set here: use spec.rules[].sessionPersistence")
		return
	default:
		k.lost("%s is no policy that Routes have", name)
		return
	}
	k.became("spec.loadBalancing")
	for _, below := range k.kids {
		below.needless("the request without the value goes to any task")
	}
}

func (p *proxy) readRetries(k *block) {
	n, err := strconv.Atoi(strings.Join(k.args, " "))
	if err != nil || n < 0 || n > 64 {
		k.lost("must be a number from 0 to 64")
		return
	}
	p.retry = &v1alpha1.Retry{Attempts: &n}
	k.became("spec.rules[].retry.attempts")
}

func (p *proxy) readHealth(k *block) {
	h := v1alpha1.HealthCheck{}
	if p.health != nil {
		h = *p.health
	}
	value := strings.Join(k.args, " ")
	d, err := duration(value)
	n, notNumber := strconv.Atoi(value)
	field := ""
	switch {
	case (k.name == "health_uri" || k.name == "health_path") && strings.HasPrefix(value, "/"):
		h.Type, h.Path, field = "HTTP", value, "path"
	case k.name == "health_interval" && err == nil:
		h.Interval, field = &d, "interval"
	case k.name == "health_timeout" && err == nil:
		h.Timeout, field = &d, "timeout"
	case k.name == "fail_duration" && err == nil:
		h.FailTimeout, field = &d, "failTimeout"
	case k.name == "max_fails" && notNumber == nil && n >= 0 && n <= 1_000_000:
		h.MaxFails, field = &n, "maxFails"
	default:
		k.lost("a check asks the same port with GET, and an answer with 200 to 399 is healthy")
		return
	}
	p.health = &h
	k.became("spec.healthCheck." + field)
}

func duration(text string) (v1alpha1.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && (d < time.Millisecond || d > 24*time.Hour) {
		err = strconv.ErrRange
	}
	return v1alpha1.Duration(d), err
}

func (p *proxy) readTransport(k *block) {
	if len(k.args) > 0 && k.args[0] != "http" {
		k.lost("only HTTP is spoken to services")
		return
	}
	k.became("spec.rules[].backends[].protocol")
	for _, o := range k.kids {
		switch {
		case o.name == "tls" || o.name == "tls_server_name" && len(o.args) == 1:
			for i := range p.backends {
				p.backends[i].Protocol = v1alpha1.ProtocolHTTPS
				if o.name == "tls_server_name" {
					p.backends[i].TLS = &v1alpha1.BackendTLS{Hostname: o.args[0]}
				}
			}
			o.became("spec.rules[].backends[].protocol")
		case o.name == "tls_insecure_skip_verify":
			o.lost("a service's certificate is always verified: name its authority in backends[].tls.caSecretRefs")
		case o.name == "versions" && len(o.args) > 0 && o.args[0] == "h2c":
			for i := range p.backends {
				p.backends[i].Protocol = v1alpha1.ProtocolH2C
			}
			o.became("spec.rules[].backends[].protocol")
		case strings.HasPrefix(o.name, "keepalive") || o.name == "compression" || o.name == "versions":
			o.needless("connections to services are kept")
		default:
			o.lost("is no property of a connection that Routes have; spec.rules[].timeouts has request and backendRequest")
		}
	}
}
