// Package hrm reads the labels of the HTTP routing mesh of UCP 2:
// com.docker.ucp.mesh.http, with or without a number behind it, each of which is
// a list of key=value that makes one route.
package hrm

import (
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// Name is the dialect's.
const Name = "hrm"

const label = "com.docker.ucp.mesh.http"

// Claims says whether a label is one of HRM's.
func Claims(name string) bool { return name == label || strings.HasPrefix(name, label+".") }

// Translate reads the labels of all services.
func Translate(services []*labels.Service) labels.Result {
	var result labels.Result
	for _, s := range services {
		set := labels.NewSet(s, Name, Claims)
		if set == nil {
			continue
		}
		m := &mesh{Set: set}
		for _, name := range set.Names() {
			m.read(name)
		}
		result.Add(labels.Result{Routes: m.routes, Entries: set.Entries()})
	}
	return result
}

// mesh is the labels of one service being read.
type mesh struct {
	*labels.Set
	routes []labels.Route
}

// pairs takes "a=b,c=d" apart. A comma that no key follows belongs to the value.
func pairs(text string) map[string]string {
	all := map[string]string{}
	last := ""
	for part := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(part, "=")
		key = strings.TrimSpace(key)
		if ok && keyFormat.MatchString(key) {
			all[key], last = strings.TrimSpace(value), key
		} else if last != "" {
			all[last] += "," + part
		}
	}
	return all
}

var keyFormat = regexp.MustCompile(`^[a-z_]+$`)

func (m *mesh) read(name string) {
	text, _ := m.Value(name)
	if text == "true" {
		m.Needless(name, "marked a network for the mesh: tenders join the networks that Routes need")
		return
	}
	keys := pairs(text)
	external, ok := keys["external_route"]
	if !ok {
		m.Lost(name, "has no external_route, so it says not which host: write it as in external_route=http://demo.local,internal_port=8080")
		return
	}
	u, err := url.Parse(external)
	if err != nil || u.Scheme != "http" && u.Scheme != "sni" || strings.Trim(u.Path, "/") != "" {
		m.Lost(name, "%q is no route such as http://demo.local or sni://demo.local", external)
		return
	}
	host := "*"
	if u.Hostname() != "" {
		host, ok = labels.Host(u.Hostname())
	}
	if !ok {
		m.Lost(name, "%q is no host", u.Hostname())
		return
	}
	m.route(name, host, u.Scheme == "sni", keys)
}

// route makes the Route of one label.
func (m *mesh) route(name, host string, sni bool, keys map[string]string) {
	spec := v1alpha1.RouteSpec{Hosts: []string{host}}
	if target, ok := keys["redirect"]; ok {
		filter, why := redirect(target, host)
		if why != "" {
			m.Lost(name, "%s", why)
			return
		}
		spec.Rules = []v1alpha1.Rule{{Filters: []v1alpha1.Filter{filter}}}
	} else if !m.backend(name, keys, &spec) {
		return
	}
	if sni {
		if spec.Backend == nil {
			m.Lost(name, "cannot redirect a connection that stays encrypted: redirect the plain side, with external_route=http://%s", host)
			return
		}
		spec.TLS = &v1alpha1.RouteTLS{Mode: v1alpha1.TLSPassthrough}
	}
	r := labels.NewRoute(m.Service, "hrm-"+m.Service.Short()+strings.TrimPrefix(name, label), spec)
	r.Shared = true
	m.Became(name, labels.Field(&r, "spec"))
	m.readRest(name, sni, keys, &r)
	m.routes = append(m.routes, r)
}

func (m *mesh) backend(name string, keys map[string]string, spec *v1alpha1.RouteSpec) bool {
	port, ok := m.Service.OnlyPort()
	if text, given := keys["internal_port"]; given {
		if port, ok = labels.NumberOf(text); !ok {
			m.Lost(name, "internal_port=%s is no port", text)
			return false
		}
	}
	if !ok {
		m.Lost(name, "has no internal_port, and the service does not have exactly one port: add it")
		return false
	}
	b := m.Service.Backend(port)
	spec.Backend = &b
	return true
}

// readRest reads the keys that only say how.
func (m *mesh) readRest(name string, sni bool, keys map[string]string, r *labels.Route) {
	if cookie := keys["sticky_sessions"]; cookie != "" && !sni {
		r.Spec.LoadBalancing = &v1alpha1.LoadBalancing{Type: v1alpha1.ConsistentHash, ConsistentHash: &v1alpha1.HashKey{Cookie: cookie}}
		m.Became(name, labels.Field(r, "spec.loadBalancing.consistentHash.cookie"))
	} else if cookie != "" {
		m.Adapted(name, "", "sticky_sessions has no effect on a connection that stays encrypted")
	}
	known := []string{"external_route", "internal_port", "sticky_sessions", "redirect", "include_forwarded_for"}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if !slices.Contains(known, key) {
			m.Adapted(name, "", "%s is no key of the mesh and was left out", key)
		}
	}
}

// redirect is the Filter for a redirect to a URL, or why there is none.
func redirect(target, host string) (filter v1alpha1.Filter, why string) {
	u, err := url.Parse(target)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" {
		return filter, "redirect=" + target + " is no URL"
	}
	to, ok := labels.Host(u.Hostname())
	if !ok || strings.Contains(to, "*") || strings.Trim(u.Path, "/") != "" {
		return filter, "redirect=" + target + " is no URL of a host alone"
	}
	if to == host && u.Scheme == "http" {
		return filter, "redirect=" + target + " goes where it comes from"
	}
	r := v1alpha1.RequestRedirect{Scheme: u.Scheme, StatusCode: 301}
	if to != host {
		r.Hostname = to
	}
	if port, ok := labels.NumberOf(u.Port()); ok {
		r.Port = port
	}
	return labels.Redirect(r), ""
}
