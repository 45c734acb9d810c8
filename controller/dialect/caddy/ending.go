package caddy

import (
	"fmt"
	"regexp"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/caddy/block"
	"fairlead.dev/fairlead/controller/dialect/labels"
	"fairlead.dev/fairlead/controller/dialect/rewrite"
)

// ending is where requests that meet a condition go.
type ending struct {
	condition
	rule    v1alpha1.Rule // without Matches
	steps   []rewrite.Step
	balance *v1alpha1.LoadBalancing
	health  *v1alpha1.HealthCheck
}

// maximum depth of blocks in each other.
const deepest = 16

// readEndings reads the directives of b that end requests.
func (t *translator) readEndings(s *scope, b *block.Block, depth int) []ending {
	s.readModifiers(b)
	var all []ending
	for _, d := range b.Kids {
		switch d.Name {
		case "reverse_proxy", "redir", "handle", "handle_path", "route":
			found, err := t.readEnding(s, d, depth)
			if err != nil {
				d.AllLost("%s", err)
				s.noteGuards(d)
			}
			all = append(all, found...)
		case "import":
			all = append(all, t.readImport(s, d, depth)...)
		}
	}
	return all
}

func (t *translator) readEnding(s *scope, d *block.Block, depth int) ([]ending, error) {
	conditions, args, err := takeMatcher(d, s.around)
	if err != nil {
		return nil, err
	}
	if conditions, err = product(s.conditions, conditions); err != nil {
		return nil, err
	}
	switch {
	case depth > deepest:
		return nil, fmt.Errorf("is nested too deep")
	case d.Name == "reverse_proxy":
		return t.endProxy(s, d, conditions, args)
	case d.Name == "redir":
		return endRedirect(s, d, conditions, args)
	}
	inner := s.within(d)
	inner.conditions = conditions
	if d.Name == "handle_path" {
		if len(conditions) != 1 || conditions[0].match.Path == nil {
			return nil, fmt.Errorf("needs one path")
		}
		inner.steps = append(inner.steps, rewrite.Step{Strip: []string{conditions[0].match.Path.Value}})
		d.BecameField(rewriteField)
	}
	d.BecameField("spec.rules[].matches")
	return t.readEndings(inner, d, depth+1), nil
}

func (t *translator) endProxy(s *scope, d *block.Block, conditions []condition, args []string) ([]ending, error) {
	p, err := t.readProxy(d, args)
	if err != nil {
		return nil, err
	}
	d.BecameField("spec.rules[].backends")
	headers := labels.Headers{Request: over(s.headers.Request, p.headers.Request), Response: over(s.headers.Response, p.headers.Response)}
	e := ending{
		rule:  v1alpha1.Rule{Filters: headers.Filters(), Backends: p.backends, Retry: p.retry},
		steps: s.steps, balance: p.balance, health: p.health,
	}
	return forEach(e, conditions), nil
}

// over is both changes together.
func over(a, b v1alpha1.HeaderModifier) v1alpha1.HeaderModifier {
	m := cloned(a)
	for _, h := range b.Set {
		labels.SetHeader(&m, h.Name, h.Value)
	}
	m.Add = append(m.Add, b.Add...)
	for _, name := range b.Remove {
		labels.RemoveHeader(&m, name)
	}
	return m
}

func forEach(e ending, conditions []condition) []ending {
	var all []ending
	for _, c := range conditions {
		e.condition = c
		all = append(all, e)
	}
	return all
}

// goal is [https://host]{uri}, or a path, or both.
var goal = regexp.MustCompile(`^(?:(https?|\{scheme\})://([A-Za-z0-9.-]+|\{host\})(?::(\d+))?)?(/[^{?#]*)?(\{uri\}|\{path\})?$`)

var codes = map[string]int{"": 302, "temporary": 302, "permanent": 301, "301": 301, "302": 302, "303": 303, "307": 307, "308": 308}

func endRedirect(s *scope, d *block.Block, conditions []condition, args []string) ([]ending, error) {
	if len(args) == 0 || len(args) > 2 {
		return nil, fmt.Errorf("needs a place to go, and at most a status")
	}
	code := codes[strings.Join(args[1:], "")]
	m := goal.FindStringSubmatch(args[0])
	if code == 0 || m == nil {
		return nil, fmt.Errorf("only redirects to https://host{uri}, to a path, or both, with 301, 302, 303, 307 or 308")
	}
	r := v1alpha1.RequestRedirect{StatusCode: code}
	if m[1] != "{scheme}" {
		r.Scheme = m[1]
	}
	if m[2] != "{host}" {
		r.Hostname = m[2]
	}
	r.Port, _ = labels.NumberOf(m[3])
	r.Path = newPath(m[4], m[5] != "")
	d.BecameField("spec.rules[].filters[].requestRedirect")
	e := ending{rule: v1alpha1.Rule{Filters: []v1alpha1.Filter{labels.Redirect(r)}}}
	return forEach(e, conditions), nil
}

// newPath is the path of a redirect: another one, or one before the old one.
func newPath(path string, keep bool) *v1alpha1.PathModifier {
	switch {
	case keep && strings.Trim(path, "/") == "":
		return nil
	case keep:
		path = strings.TrimSuffix(path, "/")
		return &v1alpha1.PathModifier{Type: v1alpha1.ReplacePrefixMatch, ReplacePrefixMatch: &path}
	case path == "":
		path = "/"
	}
	return &v1alpha1.PathModifier{Type: v1alpha1.ReplaceFullPath, ReplaceFullPath: &path}
}

// readImport reads the directives of a snippet where it is imported.
func (t *translator) readImport(s *scope, d *block.Block, depth int) []ending {
	name := strings.Join(d.Args, " ")
	snippet := t.snippets[name]
	if snippet == nil || depth > deepest {
		d.AllLost("imports %s, which stands in no label: what it did is missing", name)
		*s.open = append(*s.open, d.SomeLabel())
		return nil
	}
	d.BecameField("spec.rules[]")
	snippet.used = true
	snippet.BecameField("spec.rules[]")
	return t.readEndings(s, snippet.Block, depth+1)
}
