package flow

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// Name is the dialect's.
const Name = "flow"

const prefix = "com.df."

// Claims says whether a label is one of Docker Flow's.
func Claims(label string) bool { return strings.HasPrefix(label, prefix) }

// Translate reads the labels of all services.
func Translate(services []*labels.Service) labels.Result {
	var result labels.Result
	for _, s := range services {
		if set := labels.NewSet(s, Name, Claims); set != nil {
			t := read(set)
			t.translate()
			result.Add(labels.Result{Routes: t.routes, Entries: set.Entries()})
		}
	}
	return result
}

// translator is the labels of one service being read.
type translator struct {
	*labels.Set
	// indexes are those of the destinations; 0 is without one.
	indexes []int
	routes  []labels.Route
	open    []string
}

var indexed = regexp.MustCompile(`^(.+)\.(\d+)$`)

func read(set *labels.Set) *translator {
	t := &translator{Set: set}
	seen := map[int]bool{}
	for _, label := range set.Names() {
		if m := indexed.FindStringSubmatch(strings.TrimPrefix(label, prefix)); m != nil {
			n, _ := strconv.Atoi(m[2])
			seen[n] = true
		}
	}
	if t.indexes = slices.Sorted(maps.Keys(seen)); len(t.indexes) == 0 {
		t.indexes = []int{0}
	}
	return t
}

// label is the parameter of a destination: its own, or that of the service.
func (t *translator) label(name string, index int) string {
	if own := fmt.Sprintf("%s%s.%d", prefix, name, index); index > 0 {
		if _, ok := t.Value(own); ok {
			return own
		}
	}
	return prefix + name
}

func (t *translator) param(name string, index int) string {
	value, _ := t.Value(t.label(name, index))
	return value
}

func (t *translator) isTrue(name string, index int) bool {
	b, err := strconv.ParseBool(strings.ToLower(t.param(name, index)))
	return err == nil && b
}

func (t *translator) translate() {
	if notify, ok := t.Value(prefix + "notify"); !ok || notify != "true" {
		for _, label := range t.Names() {
			t.Needless(label, "com.df.notify is not true, so the proxy never heard of the service")
		}
		return
	}
	t.readOthers()
	for _, index := range t.indexes {
		if d, err := t.destination(index); err != nil {
			t.lose(index, err)
		} else {
			t.add(d)
		}
	}
	for i := range t.routes {
		t.routes[i].Open = t.open
	}
}

// lose says at the labels of a destination why it is not translated.
func (t *translator) lose(index int, err error) {
	for _, label := range t.Names() {
		name := strings.TrimPrefix(label, prefix)
		m := indexed.FindStringSubmatch(name)
		if index == 0 || m != nil && m[2] == strconv.Itoa(index) {
			if !t.Said(label) {
				t.Lost(label, "the destination is not translated: %s", err)
			}
		}
	}
}

// add puts a destination into the Route for its hosts and its treatment of TLS.
func (t *translator) add(d *destination) {
	for i := range t.routes {
		s := &t.routes[i].Spec
		if slices.Equal(s.Hosts, d.hosts) && sameTLS(s.TLS, d.tls) && !d.passthrough() && len(s.Rules) > 0 {
			s.Rules = append(s.Rules, d.rules()...)
			d.say(&t.routes[i])
			return
		}
	}
	spec := v1alpha1.RouteSpec{Hosts: d.hosts, TLS: d.tls}
	if d.passthrough() {
		spec.Backend = &d.backend
	} else {
		spec.Rules = d.rules()
	}
	name := t.Service.Short()
	if n := len(t.routes); n > 0 {
		name = fmt.Sprintf("%s-%d", name, n+1)
	}
	r := labels.NewRoute(t.Service, name, spec)
	r.Shared = len(spec.Rules) == 1
	d.say(&r)
	t.routes = append(t.routes, r)
	t.addRedirect(d)
}

func sameTLS(a, b *v1alpha1.RouteTLS) bool {
	return (a == nil) == (b == nil) && (a == nil || a.Mode == b.Mode && (a.Redirect == nil) == (b.Redirect == nil))
}

// addRedirect makes the Route of redirectFromDomain.
func (t *translator) addRedirect(d *destination) {
	label := t.label("redirectFromDomain", d.index)
	value, ok := t.Value(label)
	if !ok || t.Said(label) {
		return
	}
	hosts, bad := hostsOf(labels.Items(value, ","))
	switch {
	case bad != "":
		t.Lost(label, "%q is no host", bad)
		return
	case len(hosts) == 0 || strings.Contains(d.hosts[0], "*"):
		t.Lost(label, "has no exact host to go to")
		return
	}
	spec := v1alpha1.RouteSpec{Hosts: hosts, Rules: []v1alpha1.Rule{{Filters: []v1alpha1.Filter{
		labels.Redirect(v1alpha1.RequestRedirect{Hostname: d.hosts[0], StatusCode: 301})}}}}
	r := labels.NewRoute(t.Service, t.Service.Short()+"-redirects", spec)
	t.Adapted(label, labels.Field(&r, "spec.rules[0].filters[0].requestRedirect"), "of plain HTTP; add spec.tls for https as well")
	t.routes = append(t.routes, r)
}
