package caddy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy/block"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

// condition is one way to be matched: hosts (none is any) and a Match.
type condition struct {
	hosts []string
	match v1alpha1.Match
}

// isMatcher says whether the first argument of a directive is one.
func isMatcher(arg string) bool {
	return arg == "*" || strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, "@")
}

// takeMatcher takes a leading matcher off the arguments of a directive. around
// are the blocks in which it may be named, the innermost first.
func takeMatcher(d *block.Block, around []*block.Block) (conditions []condition, rest []string, err error) {
	if d.Strange != "" {
		return nil, nil, fmt.Errorf("has the template %s, which cannot be filled in here", d.Strange)
	}
	if len(d.Args) == 0 || !isMatcher(d.Args[0]) {
		return []condition{{}}, d.Args, nil
	}
	first, rest := d.Args[0], d.Args[1:]
	if !strings.HasPrefix(first, "@") {
		m, words := pathMatch(first)
		if words != "" {
			d.AdaptedField("", "%s", words)
		}
		return []condition{{match: m}}, rest, nil
	}
	for _, b := range around {
		if named := b.Kid(first); named != nil {
			if conditions, err = readMatcher(named); err != nil {
				named.AllLost("%s", err)
			} else {
				named.Each(func(k *block.Block) { k.BecameField("spec.rules[].matches") })
			}
			return conditions, rest, err
		}
	}
	return nil, nil, fmt.Errorf("names the matcher %s, which there is not", first)
}

// pathMatch reads /exact, /below/*, /starts* and the like.
func pathMatch(pattern string) (m v1alpha1.Match, words string) {
	if pattern == "*" || pattern == "/*" {
		return m, ""
	}
	base := strings.TrimSuffix(pattern, "*")
	switch {
	case strings.Contains(base, "*"):
		expression := strings.ReplaceAll(regexp.QuoteMeta(pattern), `\*`, ".*")
		m.Path = &v1alpha1.PathMatch{Type: v1alpha1.MatchRegularExpression, Value: expression}
	case base == pattern:
		m.Path = &v1alpha1.PathMatch{Type: v1alpha1.MatchExact, Value: pattern}
	case strings.HasSuffix(base, "/"):
		m = labels.Prefix(base)
		words = pattern + " matches " + strings.TrimSuffix(base, "/") + " itself as well"
	default:
		m = labels.Prefix(base)
		words = pattern + " matches whole segments here: " + base + " and " + base + "/x, not " + base + "-x"
	}
	return m, words
}

// readMatcher reads a named matcher: conditions that must all hold, of which
// each may give several to choose from.
func readMatcher(named *block.Block) ([]condition, error) {
	all := []condition{{}}
	parts := named.Kids
	if len(named.Args) > 0 {
		line := *named
		line.Name, line.Args, line.Kids = named.Args[0], named.Args[1:], nil
		parts = append([]*block.Block{&line}, parts...)
	}
	for _, p := range parts {
		choices, err := readCondition(p)
		if err != nil {
			return nil, err
		}
		if all, err = product(all, choices); err != nil {
			return nil, err
		}
	}
	return all, nil
}

var errMatcher = errors.New("is no matcher that Routes have")

func readCondition(p *block.Block) ([]condition, error) {
	var all []condition
	switch p.Name {
	case "path":
		for _, arg := range p.Args {
			m, _ := pathMatch(arg)
			all = append(all, condition{match: m})
		}
	case "host":
		return hostCondition(p.Args)
	case "method":
		for _, arg := range p.Args {
			all = append(all, condition{match: v1alpha1.Match{Method: strings.ToUpper(arg)}})
		}
	case "header":
		return headerCondition(p.Args)
	case "query":
		for _, arg := range p.Args {
			name, value, _ := strings.Cut(arg, "=")
			all = append(all, condition{match: v1alpha1.Match{QueryParams: []v1alpha1.ValueMatch{globbed(name, value)}}})
		}
	case "path_regexp":
		if len(p.Args) > 0 {
			m := v1alpha1.Match{Path: &v1alpha1.PathMatch{Type: v1alpha1.MatchRegularExpression, Value: anywhere(p.Args[len(p.Args)-1])}}
			all = append(all, condition{match: m})
		}
	case "header_regexp":
		if n := len(p.Args); n >= 2 {
			v := v1alpha1.ValueMatch{Type: v1alpha1.MatchRegularExpression, Name: p.Args[n-2], Value: anywhere(p.Args[n-1])}
			all = append(all, condition{match: v1alpha1.Match{Headers: []v1alpha1.ValueMatch{v}}})
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("has %s %s, which %w", p.Name, strings.Join(p.Args, " "), errMatcher)
	}
	return all, nil
}

func hostCondition(args []string) ([]condition, error) {
	c := condition{}
	for _, arg := range args {
		host, ok := labels.Host(arg)
		if !ok {
			return nil, fmt.Errorf("has %q, which is no host", arg)
		}
		c.hosts = append(c.hosts, host)
	}
	return []condition{c}, nil
}

func headerCondition(args []string) ([]condition, error) {
	if len(args) == 0 || strings.HasPrefix(args[0], "!") {
		return nil, fmt.Errorf("has a header that must not be there, which %w", errMatcher)
	}
	value := "*"
	if len(args) > 1 {
		value = args[1]
	}
	return []condition{{match: v1alpha1.Match{Headers: []v1alpha1.ValueMatch{globbed(args[0], value)}}}}, nil
}

// globbed is a value in which * stands for anything.
func globbed(name, value string) v1alpha1.ValueMatch {
	if !strings.Contains(value, "*") {
		return v1alpha1.ValueMatch{Name: name, Value: value}
	}
	return v1alpha1.ValueMatch{Type: v1alpha1.MatchRegularExpression, Name: name, Value: strings.ReplaceAll(regexp.QuoteMeta(value), `\*`, ".*")}
}

// anywhere makes an expression that may match anywhere one for the whole value.
func anywhere(expression string) string { return ".*(?:" + expression + ").*" }

// product is each of a with each of b: both must hold.
func product(a, b []condition) ([]condition, error) {
	var all []condition
	for _, x := range a {
		for _, y := range b {
			c, err := both(x, y)
			if err != nil {
				return nil, err
			}
			all = append(all, c)
		}
	}
	if len(all) > 64 {
		return nil, errors.New("has too many alternatives")
	}
	return all, nil
}

// both is a condition that demands what x and y do.
func both(x, y condition) (condition, error) {
	c := condition{hosts: slices.Clone(x.hosts), match: x.match}
	if len(c.hosts) == 0 {
		c.hosts = slices.Clone(y.hosts)
	} else if len(y.hosts) > 0 {
		return c, errors.New("demands two lists of hosts at once")
	}
	c.match.Headers = append(slices.Clone(x.match.Headers), y.match.Headers...)
	c.match.QueryParams = append(slices.Clone(x.match.QueryParams), y.match.QueryParams...)
	if y.match.Method != "" {
		if x.match.Method != "" && x.match.Method != y.match.Method {
			return c, errors.New("demands two methods at once")
		}
		c.match.Method = y.match.Method
	}
	var err error
	c.match.Path, err = bothPaths(x.match.Path, y.match.Path)
	return c, err
}

func bothPaths(x, y *v1alpha1.PathMatch) (*v1alpha1.PathMatch, error) {
	switch {
	case x == nil:
		return y, nil
	case y == nil:
		return x, nil
	case x.Type == v1alpha1.MatchPathPrefix && y.Type != v1alpha1.MatchRegularExpression && rewrite.Under(y.Value, x.Value):
		return y, nil
	case y.Type == v1alpha1.MatchPathPrefix && x.Type != v1alpha1.MatchRegularExpression && rewrite.Under(x.Value, y.Value):
		return x, nil
	}
	return nil, errors.New("demands two paths at once")
}
