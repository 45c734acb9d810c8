package interlock

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/reconcile/interlock"
)

// FirstName is the name of the dialect of Interlock 1.
const FirstName = "interlock1"

const firstPrefix = "interlock."

// ClaimsFirst says whether a label is one of Interlock 1.
func ClaimsFirst(label string) bool { return strings.HasPrefix(label, firstPrefix) }

// TranslateFirst reads the labels of Interlock 1 of all services.
func TranslateFirst(services []*labels.Service) labels.Result {
	var result labels.Result
	for _, s := range services {
		if set := labels.NewSet(s, FirstName, ClaimsFirst); set != nil {
			result.Add(translateFirst(set))
		}
	}
	return result
}

// renamed are labels of which only the name changed.
var renamed = map[string]string{
	"network": "network", "port": "port", "ssl_only": "ssl_only", "ssl_backend": "ssl_backend", "ssl_backend_tls_verify": "ssl_backend_tls_verify",
	"context_root": "context_root", "context_root_rewrite": "context_root_rewrite", "ip_hash": "ip_hash",
}

// first is Interlock 1's labels on their way to those of Interlock 2.
type first struct {
	*labels.Set
	// next are the labels of Interlock 2, from the labels that each stands for.
	next map[string]string
	from map[string][]string
}

func translateFirst(set *labels.Set) labels.Result {
	f := &first{Set: set, next: map[string]string{}, from: map[string][]string{}}
	f.rename()
	s := set.Service
	r := interlock.Translate(interlock.Service{Name: s.Name, Namespace: s.Namespace, Labels: f.next, Networks: s.Networks})
	r.Notes = slices.DeleteFunc(r.Notes, func(n interlock.Problem) bool { return strings.Contains(n.Message, "Interlock") })
	all := routes(s, r)
	for i := range all {
		all[i].Spec.InfoHeaders = false
	}
	report(set, r, func(label string) []string { return f.from[label] })
	f.checkHealth(all)
	entries := set.Entries()
	for i := range entries {
		entries[i].Why = strings.ReplaceAll(entries[i].Why, interlock.Prefix, firstPrefix)
	}
	return labels.Result{Routes: all, Entries: entries}
}

// give writes a label of Interlock 2.
func (f *first) give(name, value string, from ...string) {
	label := interlock.Prefix + name
	if old, ok := f.next[label]; ok {
		value = old + "," + value
	}
	f.next[label] = value
	f.from[label] = append(f.from[label], from...)
}

func (f *first) rename() {
	f.renameHost()
	f.renameTLS()
	for _, label := range f.Names() {
		value, _ := f.Value(label)
		name := strings.TrimPrefix(label, firstPrefix)
		base, _, _ := strings.Cut(name, ".")
		switch {
		case renamed[name] != "":
			f.give(renamed[name], value, label)
		case base == "alias_domain":
			f.give("hosts", value, label)
		case base == "websocket_endpoint":
			f.give("websocket_endpoints", value, label)
		case name == "balance_algorithm":
			f.renameAlgorithm(label, value)
		default:
			f.leave(label, base, value)
		}
	}
	if _, ok := f.next[interlock.Prefix+"hosts"]; !ok {
		f.give("default_backend", "true") // a context root alone was one of every host
	}
}

func (f *first) renameHost() {
	host, domain := firstPrefix+"hostname", firstPrefix+"domain"
	h, _ := f.Value(host)
	d, ok := f.Value(domain)
	switch {
	case h != "" && d != "":
		f.give("hosts", h+"."+d, host, domain)
	case ok && d != "":
		f.give("hosts", d, domain)
	case h != "":
		f.give("hosts", h, host)
	}
}

// renameTLS takes the files of the certificate for secrets of the same name.
func (f *first) renameTLS() {
	for _, pair := range [][2]string{{"ssl_cert", "ssl_cert"}, {"ssl_cert_key", "ssl_key"}} {
		label := firstPrefix + pair[0]
		if file, ok := f.Value(label); ok {
			secret := path.Base(file)
			f.give(pair[1], secret, label)
			f.Adapted(label, "", "was a file of the proxy: store it as the Docker secret %s", secret)
		}
	}
}

func (f *first) renameAlgorithm(label, value string) {
	name := map[string]string{"roundrobin": "round_robin", "leastconn": "least_conn", "source": "ip_hash"}[value]
	if name == "" {
		f.Lost(label, "%q has no counterpart: set spec.loadBalancing", value)
		return
	}
	f.give("algorithm", name, label)
}

// leave says of the other labels why they go nowhere.
func (f *first) leave(label, base, value string) {
	switch base {
	case "hostname", "domain", "ssl_cert", "ssl_cert_key", "health_check", "health_check_interval":
	case "ssl":
		f.Needless(label, "follows from the certificate")
	case "ext":
		f.Needless(label, "named the extension of Interlock that was to read the labels")
	case "protocol":
		if value == "http" {
			f.Needless(label, "is how it is without the label")
			return
		}
		f.Lost(label, "only HTTP and TLS are routed by name")
	case "backend_option":
		if strings.HasPrefix(value, "forwardfor") {
			f.Needless(label, "the X-Forwarded header fields are always sent")
			return
		}
		f.Lost(label, "is an option of HAProxy's configuration, which there is not")
	}
}

// checkHealth reads the health check, which HAProxy sent.
func (f *first) checkHealth(routes []labels.Route) {
	label, interval := firstPrefix+"health_check", firstPrefix+"health_check_interval"
	value, ok := f.Value(label)
	if !ok || len(routes) == 0 {
		f.Lost(interval, "says nothing without health_check")
		f.Lost(label, "no Route is made")
		return
	}
	h := v1alpha1.HealthCheck{Type: "HTTP", Path: "/"}
	for word := range strings.FieldsSeq(value) {
		if strings.HasPrefix(word, "/") {
			h.Path = word
		}
	}
	f.Became(label, labels.Field(&routes[0], "spec.healthCheck.path"))
	var ms int64
	if text, ok := f.Value(interval); ok {
		if n, _ := fmt.Sscan(text, &ms); n == 1 && ms > 0 && ms < 1_000_000_000 {
			d := v1alpha1.Duration(time.Duration(ms) * time.Millisecond)
			h.Interval = &d
			f.Became(interval, labels.Field(&routes[0], "spec.healthCheck.interval"))
		} else {
			f.Lost(interval, "%q is no number of milliseconds", text)
		}
	}
	routes[0].Spec.HealthCheck = &h
}
