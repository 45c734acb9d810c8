package rule

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

// Alternative is one way to meet a rule: hosts, and the Match that must hold.
type Alternative struct {
	Hosts   []string // nil is any
	Match   v1alpha1.Match
	Clients []string // address ranges
	Except  []string // paths that the rule leaves to others
	Words   []string // what is different here
}

// Parse reads a rule and multiplies it out.
func Parse(text string) ([]Alternative, error) {
	e, err := parseRule(text)
	if err != nil {
		return nil, err
	}
	product, err := e.multiply(false)
	if err != nil {
		return nil, err
	}
	var all []Alternative
	for _, matchers := range product {
		a := Alternative{}
		for _, m := range matchers {
			if err := a.meet(m); err != nil {
				return nil, err
			}
		}
		all = append(all, a)
	}
	return all, nil
}

// OrAny are the hosts, or "*".
func (a *Alternative) OrAny() []string {
	if a.Hosts == nil {
		return []string{"*"}
	}
	return a.Hosts
}

func (a *Alternative) say(words string) {
	if !slices.Contains(a.Words, words) {
		a.Words = append(a.Words, words)
	}
}

// ErrNot says that a rule excludes requests in a way that Routes cannot.
var ErrNot = errors.New("says where requests do not go: a Route only says where they go, and the more specific one goes first")

// meet adds one condition.
func (a *Alternative) meet(m matcher) error {
	if m.not {
		return a.leave(m)
	}
	two := strings.HasPrefix(m.name, "header") && len(m.args) != 2
	if len(m.args) == 0 || len(m.args) > 2 || two {
		return fmt.Errorf("has %s with the wrong number of texts", m)
	}
	arg := m.args[0]
	switch m.name {
	case "host", "hostheader", "hostsni":
		return a.meetHost(arg)
	case "hostregexp", "hostsniregexp":
		return a.meetHostRegexp(arg)
	case "path", "pathprefix", "pathregexp":
		return a.meetPath(m.name, arg)
	case "method":
		return a.meetMethod(arg)
	case "header", "headers":
		return meetValue(&a.Match.Headers, v1alpha1.ValueMatch{Name: arg, Value: m.args[1]})
	case "headerregexp", "headersregexp":
		return meetRegexp(&a.Match.Headers, arg, m.args[1])
	case "query", "queryregexp":
		return a.meetQuery(m)
	case "clientip":
		return a.meetClient(arg)
	}
	return fmt.Errorf("has %s, which is no matcher that Routes have", m)
}

// leave notes a path that the rule leaves to others.
func (a *Alternative) leave(m matcher) error {
	if (m.name != "path" && m.name != "pathprefix") || len(m.args) != 1 {
		return fmt.Errorf("%w (%s)", ErrNot, m)
	}
	a.Except = append(a.Except, m.args[0])
	return nil
}

func (a *Alternative) meetHost(arg string) error {
	if strings.HasPrefix(arg, "*.") {
		a.say("*.suffix stands for one label in Traefik, and for one or more here")
	}
	host, ok := labels.Host(arg)
	if !ok {
		return fmt.Errorf("has %q, which is no host", arg)
	}
	return a.meetHosts([]string{host})
}

func (a *Alternative) meetHosts(hosts []string) error {
	if a.Hosts != nil && !slices.Equal(a.Hosts, hosts) {
		return errors.New("demands two hosts at once")
	}
	a.Hosts = hosts
	return nil
}

func (a *Alternative) meetHostRegexp(arg string) error {
	expression, had := unbrace(arg, `[^.]+`)
	if !had {
		expression = arg
	}
	hosts, loose, ok := hostsOf(expression)
	for i := range hosts {
		var valid bool
		hosts[i], valid = labels.Host(hosts[i])
		ok = ok && valid
	}
	if !ok {
		return fmt.Errorf("has HostRegexp(%q), which is no list of hosts and no suffix: name the hosts", arg)
	}
	if loose {
		a.say("the expression for hosts became " + strings.Join(hosts, ", ") + ", which matches more")
	}
	return a.meetHosts(hosts)
}

func (a *Alternative) meetPath(name, arg string) error {
	p, err := a.pathOf(name, arg)
	if err != nil {
		return err
	}
	old := a.Match.Path
	if old == nil {
		a.Match.Path = p
		return nil
	}
	for _, pair := range [][2]*v1alpha1.PathMatch{{old, p}, {p, old}} {
		if pair[0].Type == v1alpha1.MatchPathPrefix && pair[1].Type != v1alpha1.MatchRegularExpression && rewrite.Under(pair[1].Value, pair[0].Value) {
			a.Match.Path = pair[1] // which is the narrower one
			return nil
		}
	}
	return errors.New("demands two paths at once")
}

func (a *Alternative) pathOf(name, arg string) (*v1alpha1.PathMatch, error) {
	if name == "pathregexp" {
		expression, err := whole(arg)
		return &v1alpha1.PathMatch{Type: v1alpha1.MatchRegularExpression, Value: expression}, err
	}
	if !strings.HasPrefix(arg, "/") {
		return nil, fmt.Errorf("has the path %q, which does not start with /", arg)
	}
	if expression, had := unbrace(arg, `[^/]+`); had {
		if name == "pathprefix" {
			expression += ".*"
		}
		return &v1alpha1.PathMatch{Type: v1alpha1.MatchRegularExpression, Value: expression}, nil
	}
	if name == "path" {
		return &v1alpha1.PathMatch{Type: v1alpha1.MatchExact, Value: arg}, nil
	}
	p := &v1alpha1.PathMatch{Type: v1alpha1.MatchPathPrefix, Value: cmp.Or(strings.TrimRight(arg, "/"), "/")}
	if p.Value != "/" {
		a.say("PathPrefix matches whole segments here: " + p.Value + " and " + p.Value + "/x, not " + p.Value + "-x")
	}
	return p, nil
}

var methods = []string{"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"}

func (a *Alternative) meetMethod(arg string) error {
	method := strings.ToUpper(arg)
	if !slices.Contains(methods, method) {
		return fmt.Errorf("has the method %q, which is none of %s", arg, strings.Join(methods, ", "))
	}
	if a.Match.Method != "" && a.Match.Method != method {
		return errors.New("demands two methods at once")
	}
	a.Match.Method = method
	return nil
}

func meetValue(values *[]v1alpha1.ValueMatch, v v1alpha1.ValueMatch) error {
	for _, old := range *values {
		if strings.EqualFold(old.Name, v.Name) {
			return fmt.Errorf("demands %s twice", v.Name)
		}
	}
	*values = append(*values, v)
	return nil
}

func meetRegexp(values *[]v1alpha1.ValueMatch, name, arg string) error {
	expression, err := whole(arg)
	if err != nil {
		return err
	}
	return meetValue(values, v1alpha1.ValueMatch{Type: v1alpha1.MatchRegularExpression, Name: name, Value: expression})
}

// meetQuery reads Query(`a`, `b`) of version 3 and Query(`a=b`) of version 2.
func (a *Alternative) meetQuery(m matcher) error {
	name, value, _ := strings.Cut(m.args[0], "=")
	if len(m.args) > 1 {
		name, value = m.args[0], m.args[1]
	}
	if m.name == "queryregexp" {
		return meetRegexp(&a.Match.QueryParams, name, value)
	}
	return meetValue(&a.Match.QueryParams, v1alpha1.ValueMatch{Name: name, Value: value})
}

func (a *Alternative) meetClient(arg string) error {
	network, ok := CIDR(arg)
	if !ok {
		return fmt.Errorf("has ClientIP(%q), which is no address and no range", arg)
	}
	a.Clients = append(a.Clients, network)
	return nil
}

// CIDR is an address or a range of them as a range.
func CIDR(text string) (string, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked().String(), true
	}
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return "", false
	}
	return netip.PrefixFrom(addr, addr.BitLen()).String(), true
}
