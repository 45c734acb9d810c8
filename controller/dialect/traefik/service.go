package traefik

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

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
		o.KeyAdapted(lb+"server.scheme", field, "%s", labels.Verified)
	case "h2c":
		b.Protocol = v1alpha1.ProtocolH2C
		o.KeyBecame(lb+"server.scheme", field)
	default:
		o.KeyLost(lb+"server.scheme", "is none of http, https and h2c")
	}
	return b, nil
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
