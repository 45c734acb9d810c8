package caddy

import (
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy/block"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// readPolicy reads how a task is chosen.
func (p *proxy) readPolicy(k *block.Block) {
	name, value := "", ""
	if len(k.Args) > 0 {
		name = k.Args[0]
	}
	if len(k.Args) > 1 {
		value = k.Args[1]
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
		k.AllLost("the cookie is not set here: use spec.rules[].sessionPersistence")
		return
	default:
		k.AllLost("%s is no policy that Routes have", name)
		return
	}
	k.BecameField("spec.loadBalancing")
	for _, below := range k.Kids {
		below.AllNeedless("the request without the value goes to any task")
	}
}

func (p *proxy) readRetries(k *block.Block) {
	n, err := strconv.Atoi(strings.Join(k.Args, " "))
	if err != nil || n < 0 || n > 64 {
		k.AllLost("must be a number from 0 to 64")
		return
	}
	p.retry = &v1alpha1.Retry{Attempts: &n}
	k.BecameField("spec.rules[].retry.attempts")
}

func (p *proxy) readHealth(k *block.Block) {
	h := v1alpha1.HealthCheck{}
	if p.health != nil {
		h = *p.health
	}
	value := strings.Join(k.Args, " ")
	d, err := duration(value)
	n, notNumber := strconv.Atoi(value)
	field := ""
	switch {
	case (k.Name == "health_uri" || k.Name == "health_path") && strings.HasPrefix(value, "/"):
		h.Type, h.Path, field = "HTTP", value, "path"
	case k.Name == "health_interval" && err == nil:
		h.Interval, field = &d, "interval"
	case k.Name == "health_timeout" && err == nil:
		h.Timeout, field = &d, "timeout"
	case k.Name == "fail_duration" && err == nil:
		h.FailTimeout, field = &d, "failTimeout"
	case k.Name == "max_fails" && notNumber == nil && n >= 0 && n <= 1_000_000:
		h.MaxFails, field = &n, "maxFails"
	default:
		k.AllLost("a check asks the same port with GET, and an answer with 200 to 399 is healthy")
		return
	}
	p.health = &h
	k.BecameField("spec.healthCheck." + field)
}

func duration(text string) (v1alpha1.Duration, error) {
	d, err := time.ParseDuration(text)
	if err == nil && (d < time.Millisecond || d > 24*time.Hour) {
		err = strconv.ErrRange
	}
	return v1alpha1.Duration(d), err
}

func (p *proxy) readTransport(k *block.Block) {
	if len(k.Args) > 0 && k.Args[0] != "http" {
		k.AllLost("only HTTP is spoken to services")
		return
	}
	k.BecameField("spec.rules[].backends[].protocol")
	for _, o := range k.Kids {
		switch {
		case o.Name == "tls" || o.Name == "tls_server_name" && len(o.Args) == 1:
			for i := range p.backends {
				p.backends[i].Protocol = v1alpha1.ProtocolHTTPS
				if o.Name == "tls_server_name" {
					p.backends[i].TLS = &v1alpha1.BackendTLS{Hostname: o.Args[0]}
				}
			}
			o.BecameField("spec.rules[].backends[].protocol")
		case o.Name == "tls_insecure_skip_verify":
			o.AllLost("%s", labels.Verified)
		case o.Name == "versions" && len(o.Args) > 0 && o.Args[0] == "h2c":
			for i := range p.backends {
				p.backends[i].Protocol = v1alpha1.ProtocolH2C
			}
			o.BecameField("spec.rules[].backends[].protocol")
		case strings.HasPrefix(o.Name, "keepalive") || o.Name == "compression" || o.Name == "versions":
			o.AllNeedless("connections to services are kept")
		default:
			o.AllLost("is no property of a connection that Routes have; spec.rules[].timeouts has request and backendRequest")
		}
	}
}
