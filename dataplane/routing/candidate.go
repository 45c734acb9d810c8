package routing

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// class is the first thing that precedence looks at.
type class uint8

const (
	classExact class = iota
	classRegex
	classPrefix
)

// candidate is one Match of one Rule, ready to be asked. Most fit into a line of
// cache.
type candidate struct {
	match *snapshot.Match
	rule  *Rule
	// path is what the path is compared with. A prefix has no trailing slash, so
	// "/" is "".
	path string
	// expressions is nil where there are none.
	expressions *expressions
	// index is the Match's place in its Rule.
	index int32
	class class
}

// expressions are those of a Match, compiled.
type expressions struct {
	path *regexp.Regexp
	// values are those of the headers and then of the query parameters, nil for
	// those that are Exact; it is nil where all are.
	values []*regexp.Regexp
}

func newCandidate(rule *Rule, index int) (candidate, error) {
	m := &rule.Spec.Matches[index]
	c := candidate{match: m, rule: rule, index: int32(index), path: m.Path.Value}
	var err error
	var found expressions
	switch m.Path.Type {
	case snapshot.Exact:
		c.class = classExact
	case snapshot.RegularExpression:
		c.class = classRegex
		found.path, err = compile(m.Path.Value)
	case snapshot.PathPrefix:
		c.class = classPrefix
		c.path = strings.TrimRight(m.Path.Value, "/")
	default:
		err = fmt.Errorf("unknown path match type %q", m.Path.Type)
	}
	if err == nil {
		found.values, err = compileValues(m)
	}
	if found.path != nil || found.values != nil {
		c.expressions = &expressions{found.path, found.values}
	}
	if err != nil {
		return c, fmt.Errorf("route %s rule %s match %d: %w", rule.Route.Key, rule.Spec.Name, index, err)
	}
	return c, nil
}

// compileValues compiles the expressions among the headers and query parameters.
func compileValues(m *snapshot.Match) ([]*regexp.Regexp, error) {
	var values []*regexp.Regexp
	for i := range len(m.Headers) + len(m.Query) {
		v := condition(m, i)
		if v.Type != snapshot.RegularExpression {
			continue
		}
		if values == nil {
			values = make([]*regexp.Regexp, len(m.Headers)+len(m.Query))
		}
		re, err := compile(v.Value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", v.Name, err)
		}
		values[i] = re
	}
	return values, nil
}

// condition returns the i-th of the headers and then the query parameters.
func condition(m *snapshot.Match, i int) *snapshot.ValueMatch {
	if i < len(m.Headers) {
		return &m.Headers[i]
	}
	return &m.Query[i-len(m.Headers)]
}

// compile compiles an expression that has to match all of a value.
func compile(expression string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(expression); err != nil {
		return nil, err
	}
	return regexp.Compile(`\A(?:` + expression + `)\z`)
}

// compare orders candidates by precedence, but for their place in the Snapshot.
func compare(a, b *candidate) int {
	if c := cmp.Compare(a.class, b.class); c != 0 {
		return c
	}
	if a.class != classExact {
		if c := cmp.Compare(len(b.path), len(a.path)); c != 0 {
			return c
		}
	}
	return cmp.Or(
		-cmp.Compare(min(len(a.match.Method), 1), min(len(b.match.Method), 1)),
		-cmp.Compare(len(a.match.Headers), len(b.match.Headers)),
		-cmp.Compare(len(a.match.Query), len(b.match.Query)),
	)
}

// refusal names the condition that a request does not meet.
type refusal struct {
	what refusedBy
	// at is the header's or the query parameter's place, counted together.
	at int
}

type refusedBy uint8

const (
	nothing refusedBy = iota
	path
	method
	headerAbsent
	headerValue
	queryAbsent
	queryValueDiffers
)

// refusal returns the first condition of c that r does not meet.
func (c *candidate) refusal(r *Request) refusal {
	switch {
	case !c.admitsPath(r.Path):
		return refusal{what: path}
	case c.match.Method != "" && c.match.Method != r.Method:
		return refusal{what: method}
	case len(c.match.Headers)+len(c.match.Query) == 0:
		return refusal{}
	}
	return c.refusalOfValues(r)
}

func (c *candidate) admitsPath(path string) bool {
	switch c.class {
	case classExact:
		return path == c.path
	case classRegex:
		return c.expressions.path.MatchString(path)
	}
	return strings.HasPrefix(path, c.path) && (len(path) == len(c.path) || path[len(c.path)] == '/')
}

func (c *candidate) refusalOfValues(r *Request) refusal {
	for i := range c.match.Headers {
		value, ok := r.header(c.match.Headers[i].Name)
		if !ok {
			return refusal{headerAbsent, i}
		}
		if !c.admitsValue(i, value) {
			return refusal{headerValue, i}
		}
	}
	for i := range c.match.Query {
		at := len(c.match.Headers) + i
		value, ok := QueryValue(r.RawQuery, c.match.Query[i].Name)
		if !ok {
			return refusal{queryAbsent, at}
		}
		if !c.admitsValue(at, value) {
			return refusal{queryValueDiffers, at}
		}
	}
	return refusal{}
}

func (c *candidate) admitsValue(at int, value string) bool {
	if x := c.expressions; x != nil && x.values != nil && x.values[at] != nil {
		return x.values[at].MatchString(value)
	}
	return condition(c.match, at).Value == value
}

// header returns the values of a header field, joined by commas.
func (r *Request) header(name string) (string, bool) {
	if name == "Host" {
		return r.Host, r.Host != ""
	}
	if r.Headers == nil {
		return "", false
	}
	switch values := r.Headers.Values(name); len(values) {
	case 0:
		return "", false
	case 1:
		return values[0], true
	default:
		return strings.Join(values, ","), true
	}
}
