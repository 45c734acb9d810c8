package flow

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

// destination is one of the ways to a service.
type destination struct {
	*translator
	index   int
	hosts   []string
	matches []v1alpha1.Match
	backend v1alpha1.Backend
	tls     *v1alpha1.RouteTLS
	steps   []rewrite.Step
	rule    v1alpha1.Rule
	words   string // about certificates
}

func (d *destination) passthrough() bool {
	return d.tls != nil && d.tls.Mode == v1alpha1.TLSPassthrough
}

// became says of a parameter of the destination that it stands in a field.
func (d *destination) became(name, field string) {
	label := d.label(name, d.index)
	if d.param(name, d.index) == "false" {
		d.Needless(label, "is how it is without the label")
		return
	}
	d.Became(label, field)
}

func (d *destination) lost(name, format string, args ...any) {
	d.Lost(d.label(name, d.index), format, args...)
}

func (t *translator) destination(index int) (*destination, error) {
	d := &destination{translator: t, index: index}
	mode := cmp.Or(t.param("reqMode", index), "http")
	if mode != "http" && mode != "sni" {
		d.lost("reqMode", "%s is not routed by name: it needs a port of its own", mode)
		return nil, fmt.Errorf("reqMode is %s", mode)
	}
	port, ok := labels.NumberOf(t.param("port", index))
	if !ok {
		return nil, errors.New("com.df.port is no port")
	}
	d.backend = t.Service.Backend(port)
	if err := d.readHosts(); err != nil {
		return nil, err
	}
	if mode == "sni" {
		d.tls = &v1alpha1.RouteTLS{Mode: v1alpha1.TLSPassthrough}
		return d, nil
	}
	d.readTLS()
	if err := d.readMatches(); err != nil {
		return nil, err
	}
	d.readRewrite()
	d.readHeaders()
	d.readTimeout()
	d.readBackend()
	return d, nil
}

// readHosts reads the domains and how they are compared.
func (d *destination) readHosts() error {
	for _, item := range labels.Items(d.param("serviceDomain", d.index), ",") {
		item = strings.TrimPrefix(item, "*.") // which hdr_dom looks behind
		host, ok := labels.Host(item)
		if !ok {
			d.lost("serviceDomain", "%q is no host", item)
			return errors.New("com.df.serviceDomain has no host")
		}
		d.hosts = append(d.hosts, d.compared(host)...)
	}
	if d.isTrue("isDefaultBackend", d.index) {
		d.hosts = append(d.hosts, "*")
	}
	if len(d.hosts) == 0 {
		if d.param("servicePath", d.index) == "" {
			return errors.New("has neither servicePath nor serviceDomain")
		}
		d.hosts = []string{"*"}
	}
	d.hosts = slices.Compact(d.hosts)
	return nil
}

// compared are the hosts that a domain stands for.
func (d *destination) compared(host string) []string {
	algorithm := d.param("serviceDomainAlgo", d.index)
	switch {
	case strings.HasPrefix(algorithm, "hdr_dom") || strings.HasPrefix(algorithm, "hdr_end") || d.isTrue("serviceDomainMatchAll", d.index):
		return []string{host, "*." + host}
	case algorithm != "" && !strings.HasPrefix(algorithm, "hdr(host)") && algorithm != "req.ssl_sni":
		d.lost("serviceDomainAlgo", "%s is no way in which hosts are compared here: they are exact, or a suffix", algorithm)
	}
	return []string{host}
}

// readTLS: what is for https only redirects plain HTTP; the port that requests
// come in on says which side a destination is for.
func (d *destination) readTLS() {
	plainSide := d.param("srcPort", d.index) == "80"
	secureSide := d.param("srcPort", d.index) == "443"
	only := d.isTrue("httpsOnly", d.index) || d.isTrue("redirectWhenHttpProto", d.index) || d.isTrue("denyHttp", d.index)
	if plainSide && !only {
		return
	}
	if only || secureSide {
		d.tls, d.words = labels.Terminate(d.hosts)
	}
	if secureSide && !only {
		both := false
		d.tls.Redirect = &both
	}
}

// readMatches multiplies paths, headers, user agents and methods out.
func (d *destination) readMatches() error {
	paths, err := d.paths()
	if err != nil {
		return err
	}
	headers, err := d.headers()
	if err != nil {
		return err
	}
	methods := labels.Items(strings.ToUpper(d.param("allowedMethods", d.index)), ",")
	if len(methods) == 0 {
		methods = []string{""}
	}
	for _, p := range paths {
		for _, method := range methods {
			m := p
			m.Method, m.Headers = method, headers
			d.matches = append(d.matches, m)
		}
	}
	return nil
}

// paths reads servicePath by pathType, which is HAProxy's.
func (d *destination) paths() ([]v1alpha1.Match, error) {
	values := labels.Items(d.param("servicePath", d.index), ",")
	if len(values) == 0 {
		return []v1alpha1.Match{{}}, nil
	}
	var all []v1alpha1.Match
	for _, value := range values {
		value = "/" + strings.TrimPrefix(value, "/")
		expression := ""
		switch kind := cmp.Or(d.param("pathType", d.index), "path_beg"); kind {
		case "path_beg", "path_dir":
			all = append(all, labels.Prefix(value))
			continue
		case "path":
			all = append(all, v1alpha1.Match{Path: &v1alpha1.PathMatch{Type: v1alpha1.MatchExact, Value: value}})
			continue
		case "path_reg":
			expression = ".*(?:" + strings.TrimPrefix(value, "/^") + ").*"
		case "path_end":
			expression = ".*" + regexp.QuoteMeta(strings.TrimPrefix(value, "/"))
		case "path_sub":
			expression = ".*" + regexp.QuoteMeta(strings.TrimPrefix(value, "/")) + ".*"
		default:
			d.lost("pathType", "%s is no way in which paths are compared here", kind)
			return nil, errors.New("com.df.pathType is unknown")
		}
		all = append(all, v1alpha1.Match{Path: &v1alpha1.PathMatch{Type: v1alpha1.MatchRegularExpression, Value: expression}})
	}
	return all, nil
}

// headers reads serviceHeader and userAgent.
func (d *destination) headers() ([]v1alpha1.ValueMatch, error) {
	var all []v1alpha1.ValueMatch
	for _, item := range labels.Items(d.param("serviceHeader", d.index), ",") {
		name, value, ok := strings.Cut(item, ":")
		if !ok {
			return nil, fmt.Errorf("com.df.serviceHeader has %q, which is no Name:value", item)
		}
		all = append(all, v1alpha1.ValueMatch{Name: strings.TrimSpace(name), Value: strings.TrimSpace(value)})
	}
	var agents []string
	for _, agent := range labels.Items(d.param("userAgent", d.index), ",") {
		agents = append(agents, regexp.QuoteMeta(agent))
	}
	if len(agents) > 0 {
		all = append(all, v1alpha1.ValueMatch{Type: v1alpha1.MatchRegularExpression, Name: "User-Agent", Value: "(?i).*(?:" + strings.Join(agents, "|") + ").*"})
	}
	return all, nil
}

// rules are the Rules of the destination.
func (d *destination) rules() []v1alpha1.Rule {
	var all []v1alpha1.Rule
	for _, m := range d.matches {
		parts, err := rewrite.Variants(m, d.steps)
		if err != nil {
			d.lost("reqPathSearchReplace", "%s", err)
			parts, _ = rewrite.Variants(m, nil)
		}
		for _, v := range parts {
			rule := d.rule
			rule.Filters = append(slices.Clone(rule.Filters), v.Filters()...)
			rule.Backends = []v1alpha1.Backend{d.backend}
			all = labels.AddMatch(all, v.Match, rule)
		}
	}
	return all
}
