package caddy

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy/block"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

// Name is the dialect's.
const Name = "caddy"

// Claims says whether a label is one of caddy-docker-proxy's.
func Claims(label string) bool {
	return label == "caddy" || strings.HasPrefix(label, "caddy.") || strings.HasPrefix(label, "caddy_")
}

// translator is a Translate under way.
type translator struct {
	services []*labels.Service
	networks map[*labels.Set]string
	snippets map[string]*snippet
	routes   []labels.Route
}

// snippet is a block that others import.
type snippet struct {
	*block.Block
	used bool
}

// Translate reads the labels of all services.
func Translate(services []*labels.Service) labels.Result {
	t := &translator{services: services, networks: map[*labels.Set]string{}, snippets: map[string]*snippet{}}
	var sets []*labels.Set
	var sites []*block.Block
	for _, s := range services {
		set := labels.NewSet(s, Name, Claims)
		if set == nil {
			continue
		}
		sets = append(sets, set)
		t.readOwn(set)
		for _, b := range block.Read(set) {
			if t.isSite(b) {
				sites = append(sites, b)
			}
		}
	}
	for i, b := range sites {
		n := 0
		for _, earlier := range sites[:i] {
			if earlier.Set == b.Set {
				n++
			}
		}
		t.readSite(b, n)
	}
	t.leaveSnippets()
	result := labels.Result{Routes: t.routes}
	for _, set := range sets {
		result.Entries = append(result.Entries, set.Entries()...)
	}
	return result
}

// readOwn reads the labels that belong to no Caddyfile.
func (t *translator) readOwn(set *labels.Set) {
	for _, label := range set.Names() {
		value, _ := set.Value(label)
		switch {
		case label == "caddy_controlled_server":
			set.Needless(label, "marks a server of Caddy itself")
		case label != "caddy_ingress_network":
		case len(set.Service.Networks) == 1:
			set.Needless(label, "the service is attached to no other network")
		case set.Service.Shares(value):
			t.networks[set] = value
			set.Became(label, "spec.rules[].backends[].network")
		default:
			set.Lost(label, "the service is not attached to %s", value)
		}
	}
}

// isSite takes snippets and global options out.
func (t *translator) isSite(b *block.Block) bool {
	switch first := strings.Join(b.Args, " "); {
	case b.Strange != "":
		b.AllLost("has the template %s, which cannot be filled in here", b.Strange)
	case first == "":
		b.AllLost("is a global option of Caddy: those of the data plane are flags (fairlead run --help)")
	case strings.HasPrefix(first, "("):
		t.snippets[strings.Trim(first, "()")] = &snippet{Block: b}
	default:
		return true
	}
	return false
}

func (t *translator) leaveSnippets() {
	for _, s := range t.snippets {
		if !s.used {
			s.AllNeedless("nothing imports the snippet")
		}
	}
}

// readSite makes the Routes of the site n of its set.
func (t *translator) readSite(b *block.Block, n int) {
	s := readSite(b)
	if len(s.secure)+len(s.plain) == 0 {
		b.AllLost("the site is not translated")
		return
	}
	outer := &scope{conditions: []condition{{}}, open: &s.open}
	endings := t.readEndings(outer.within(b), b, 0)
	if len(endings) == 0 {
		b.Lost(b.Label, "nothing in the site says where requests go")
		return
	}
	made := 0
	for _, side := range []struct {
		hosts []string
		tls   *v1alpha1.RouteTLS
	}{{s.secure, s.tls}, {s.plain, nil}} {
		for _, part := range byHosts(side.hosts, endings) {
			name := b.Service.Short()
			if n+made > 0 {
				name = fmt.Sprintf("%s-%d", name, n+made+1)
			}
			made++
			t.add(s, name, part, side.tls)
		}
	}
}

// part is hosts and what happens there.
type part struct {
	hosts   []string
	endings []ending
}

// byHosts puts the endings to their hosts: those that name some are apart.
func byHosts(hosts []string, endings []ending) []part {
	if len(hosts) == 0 {
		return nil
	}
	var all []part
	for _, e := range endings {
		at := hosts
		if len(e.hosts) > 0 {
			at = e.hosts
		}
		i := slices.IndexFunc(all, func(p part) bool { return slices.Equal(p.hosts, at) })
		if i < 0 {
			i, all = len(all), append(all, part{hosts: at})
		}
		all[i].endings = append(all[i].endings, e)
	}
	return all
}

// add makes the Route of one part.
func (t *translator) add(s *site, name string, p part, tls *v1alpha1.RouteTLS) {
	spec := v1alpha1.RouteSpec{Hosts: slices.Compact(slices.Clone(p.hosts))}
	if tls != nil {
		own := *tls
		spec.TLS = &own
	}
	route := labels.NewRoute(s.Service, name, spec)
	for _, e := range p.endings {
		parts, err := rewrite.Variants(e.match, e.steps)
		if err != nil {
			s.AdaptedField("", "a rule is missing: it %s", err)
			continue
		}
		for _, v := range parts {
			rule := e.rule
			rule.Filters = append(slices.Clone(rule.Filters), v.Filters()...)
			rule.Backends = slices.Clone(rule.Backends)
			route.Spec.Rules = labels.AddMatch(route.Spec.Rules, v.Match, rule)
		}
		t.take(&route, s, e)
	}
	route.Open = s.open
	route.Shared = len(route.Spec.Rules) == 1
	if spec.TLS != nil {
		s.AdaptedField(labels.Field(&route, "spec.hosts"), "%s", s.words)
	} else {
		s.BecameField(labels.Field(&route, "spec.hosts"))
	}
	t.routes = append(t.routes, route)
}

// take takes what is said once for a whole Route; of two that differ the first.
func (t *translator) take(route *labels.Route, s *site, e ending) {
	if route.Spec.LoadBalancing == nil {
		route.Spec.LoadBalancing = e.balance
	}
	if route.Spec.HealthCheck == nil {
		route.Spec.HealthCheck = e.health
	}
	differs := e.balance != nil && !reflect.DeepEqual(e.balance, route.Spec.LoadBalancing) || e.health != nil && !reflect.DeepEqual(e.health, route.Spec.HealthCheck)
	if differs {
		s.AdaptedField("", "balancing and checks are those of the first reverse_proxy: a Route has one of each")
	}
}
