package traefik

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/traefik/object"
)

// target is where a router sends requests, and how one of the tasks is chosen.
type target struct {
	backends []v1alpha1.Backend
	balance  *v1alpha1.LoadBalancing
	health   *v1alpha1.HealthCheck
	session  *v1alpha1.SessionPersistence
}

const (
	servicesKind = "http.services"
	lb           = "loadbalancer."
	deepest      = 8 // services that are made of services
)

// find is the object that a reference names: one of the same swarm service goes
// first. A provider behind it must be one of labels.
func (t *translator) find(kind, ref string, from *object.Object) *object.Object {
	name, provider, _ := strings.Cut(strings.ToLower(ref), "@")
	if !slices.Contains([]string{"", "docker", "swarm"}, provider) {
		return nil
	}
	var found *object.Object
	for _, o := range t.objects {
		if o.Kind == kind && o.Name == name && (found == nil || o.Service == from.Service) {
			found = o
		}
	}
	return found
}

// target reads the service of a router.
func (t *translator) target(r *object.Object, kind string) (target, error) {
	if ref := r.Text("service"); ref != "" {
		o := t.find(kind, ref, r)
		if o == nil {
			return target{}, fmt.Errorf("names the service %s, which stands in no label", ref)
		}
		return t.serviceTarget(o, 0)
	}
	var own []*object.Object
	for _, o := range t.objects {
		if o.Kind == kind && o.Service == r.Service {
			own = append(own, o)
		}
	}
	switch len(own) {
	case 0:
		port, ok := r.Service.OnlyPort()
		if !ok {
			return target{}, fmt.Errorf("has no service with a port: add traefik.%s.%s.loadbalancer.server.port", kind, cmp.Or(r.Name, "NAME"))
		}
		return target{backends: []v1alpha1.Backend{t.backend(r.Set, port)}}, nil
	case 1:
		return t.serviceTarget(own[0], 0)
	}
	return target{}, fmt.Errorf("does not say which of the %d services it uses: add traefik.%s.routers.%s.service", len(own), strings.Split(kind, ".")[0], r.Name)
}

// backend is a port of the swarm service that a set of labels is of.
func (t *translator) backend(set *labels.Set, port int) v1alpha1.Backend {
	b := set.Service.Backend(port)
	own := t.own[set]
	b.Network, b.Mode = own.network, own.mode
	return b
}

func (t *translator) serviceTarget(o *object.Object, depth int) (target, error) {
	o.Used = true
	var to target
	for _, p := range o.Options {
		switch kind, _, _ := strings.Cut(p.Key, "."); kind {
		case "weighted":
			return t.weighted(o, depth)
		case "mirroring", "failover", "highestrandomweight":
			return to, fmt.Errorf("uses the service %s, which is of the kind %s: only load balancers and weighted ones are translated", o.Name, kind)
		}
	}
	b, err := t.server(o)
	if err != nil {
		return to, err
	}
	to.backends = []v1alpha1.Backend{b}
	readBalance(o, &to)
	readHealth(o, &to)
	readSticky(o, &to)
	readOthers(o)
	return to, nil
}

// server reads the port and the protocol.
func (t *translator) server(o *object.Object) (v1alpha1.Backend, error) {
	port, ok := labels.NumberOf(o.Text(lb + "server.port"))
	if _, given := o.Get(lb + "server.port"); !given {
		port, ok = o.Service.OnlyPort()
	}
	if !ok {
		return v1alpha1.Backend{}, fmt.Errorf("uses the service %s, which has no port: add traefik.%s.%s.loadbalancer.server.port", o.Name, o.Kind, o.Name)
	}
	o.KeyBecame(lb+"server.port", "spec.rules[].backends[].port")
	b := t.backend(o.Set, port)
	const field = "spec.rules[].backends[].protocol"
	switch scheme := strings.ToLower(o.Text(lb + "server.scheme")); scheme {
	case "", "http":
		o.KeyNeedless(lb+"server.scheme", "is how it is without the label")
	case "https":
		b.Protocol = v1alpha1.ProtocolHTTPS
		o.KeyAdapted(lb+"server.scheme", field, "the service's certificate is verified: name its authority in tls.caSecretRefs of the backend")
	case "h2c":
		b.Protocol = v1alpha1.ProtocolH2C
		o.KeyBecame(lb+"server.scheme", field)
	default:
		o.KeyLost(lb+"server.scheme", "is none of http, https and h2c")
	}
	return b, nil
}

func readBalance(o *object.Object, to *target) {
	label := lb + "strategy"
	switch strategy := strings.ToLower(o.Text(label)); strategy {
	case "":
	case "wrr":
		o.KeyNeedless(label, "is how it is without the label")
	case "p2c", "leasttime":
		to.balance = &v1alpha1.LoadBalancing{Type: v1alpha1.LeastRequest}
		o.KeyAdapted(label, "spec.loadBalancing.type", "LeastRequest comes closest")
	case "hrw":
		to.balance = &v1alpha1.LoadBalancing{Type: v1alpha1.ConsistentHash, ConsistentHash: &v1alpha1.HashKey{ClientIP: true}}
		o.KeyBecame(label, "spec.loadBalancing")
	default:
		o.KeyLost(label, "is no strategy that is known")
	}
}

// readSticky reads the cookie that Traefik sets.
func readSticky(o *object.Object, to *target) {
	const field = "spec.rules[].sessionPersistence"
	for _, p := range o.Options {
		switch key := strings.TrimPrefix(p.Key, lb); {
		case !strings.HasPrefix(key, "sticky"):
		case (key == "sticky" || key == "sticky.cookie") && !object.IsTrue(p.Value) && p.Value != "":
			o.Needless(p.Label, "is how it is without the label")
			return
		case key == "sticky" || key == "sticky.cookie":
			to.session = &v1alpha1.SessionPersistence{SessionName: o.Text(lb + "sticky.cookie.name"), Type: "Cookie"}
			o.Became(p.Label, field)
		case key == "sticky.cookie.name":
			to.session = &v1alpha1.SessionPersistence{SessionName: p.Value, Type: "Cookie"}
			o.Became(p.Label, field+".sessionName")
		case key == "sticky.cookie.secure" || key == "sticky.cookie.httponly":
			o.Needless(p.Label, "the cookie is always as safe as the connection allows")
		default:
			o.Lost(p.Label, "is an attribute of the cookie that cannot be chosen")
		}
	}
}

func readHealth(o *object.Object, to *target) {
	var h v1alpha1.HealthCheck
	for _, p := range o.Options {
		key, ok := strings.CutPrefix(p.Key, lb+"healthcheck.")
		if !ok {
			continue
		}
		field := "spec.healthCheck." + key
		switch d, err := parseDuration(p.Value); {
		case key == "path" && strings.HasPrefix(p.Value, "/"):
			h.Type, h.Path = "HTTP", p.Value
			o.Became(p.Label, field)
		case key == "interval" && err == nil:
			h.Interval = &d
			o.Became(p.Label, field)
		case key == "timeout" && err == nil:
			h.Timeout = &d
			o.Became(p.Label, field)
		case key == "mode" && p.Value == "http", key == "scheme" && p.Value == "http", key == "followredirects":
			o.Needless(p.Label, "an answer with 200 to 399 is healthy")
		default:
			o.Lost(p.Label, "the check asks the same port with GET, and has path, interval and timeout only")
		}
	}
	if h.Type != "" {
		to.health = &h
	}
}

var digits = regexp.MustCompile(`^\d+$`)

// parseDuration reads a time as Traefik does: a number is seconds.
func parseDuration(text string) (v1alpha1.Duration, error) {
	if digits.MatchString(text) {
		text += "s"
	}
	d, err := time.ParseDuration(text)
	if err == nil && (d < time.Millisecond || d > 24*time.Hour) {
		err = strconv.ErrRange
	}
	return v1alpha1.Duration(d), err
}

func readOthers(o *object.Object) {
	o.KeyNeedless(lb+"responseforwarding.flushinterval", "answers are passed on as they come")
	switch value := o.Text(lb + "passhostheader"); {
	case value == "" || object.IsTrue(value):
		o.KeyNeedless(lb+"passhostheader", "is how it is without the label")
	default:
		o.KeyLost(lb+"passhostheader", "the Host is passed on; spec.rules[].filters[].urlRewrite.hostname replaces it by another")
	}
	o.KeyLost(lb+"serverstransport", "stands in a file: what it says of TLS belongs into tls of the backend")
}

var weightedOption = regexp.MustCompile(`^weighted\.services\[(\d+)\]\.(name|weight)$`)

// weighted reads a service that shares requests among others.
func (t *translator) weighted(o *object.Object, depth int) (target, error) {
	var to target
	for _, p := range o.Options {
		m := weightedOption.FindStringSubmatch(p.Key)
		if m == nil || m[2] != "name" {
			continue
		}
		part := t.find(servicesKind, p.Value, o)
		if part == nil || depth > deepest {
			return to, fmt.Errorf("uses the service %s, which names %s, which stands in no label", o.Name, p.Value)
		}
		one, err := t.serviceTarget(part, depth+1)
		if err != nil {
			return to, err
		}
		key := "weighted.services[" + m[1] + "].weight"
		weight, err := strconv.Atoi(cmp.Or(o.Text(key), "1"))
		if err != nil || weight < 0 || weight > 1_000_000 {
			return to, fmt.Errorf("uses the service %s with the weight %q", o.Name, o.Text(key))
		}
		for _, b := range one.backends {
			b.Weight = &weight
			to.backends = append(to.backends, b)
		}
		o.Became(p.Label, "spec.rules[].backends[].service")
		o.KeyBecame(key, "spec.rules[].backends[].weight")
	}
	return to, nil
}
