package rule

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// expression is a rule, parsed: either a matcher, or others joined by "&&" or
// "||", or one turned round by "!".
type expression struct {
	operator string // "", "&&", "||", "!"
	parts    []expression
	matcher  matcher
}

// matcher is one condition, such as Header(`X`, `1`).
type matcher struct {
	name string // in lower case
	args []string
	not  bool
}

func (m matcher) String() string {
	text := fmt.Sprintf("%s(%s)", m.name, strings.Join(m.args, ", "))
	if m.not {
		return "!" + text
	}
	return text
}

// longestRule and deepest bound what is read.
const (
	longestRule = 8192
	deepest     = 64
)

// parseRule reads a rule in the syntax of version 2 or 3.
func parseRule(text string) (expression, error) {
	if len(text) > longestRule {
		return expression{}, errors.New("is too long")
	}
	p := &parser{rest: text}
	e, err := p.or(0)
	if err == nil && p.space() != "" {
		err = fmt.Errorf("has %q where && or || should stand", p.rest)
	}
	return e, err
}

type parser struct{ rest string }

// space skips blanks and returns what follows.
func (p *parser) space() string {
	p.rest = strings.TrimLeftFunc(p.rest, unicode.IsSpace)
	return p.rest
}

func (p *parser) take(token string) bool {
	rest, ok := strings.CutPrefix(p.space(), token)
	if ok {
		p.rest = rest
	}
	return ok
}

func (p *parser) or(depth int) (expression, error) { return p.joined("||", p.and, depth) }

func (p *parser) and(depth int) (expression, error) { return p.joined("&&", p.unary, depth) }

// joined reads parts with the operator between them; one alone is itself.
func (p *parser) joined(operator string, part func(int) (expression, error), depth int) (expression, error) {
	first, err := part(depth)
	if err != nil {
		return first, err
	}
	parts := []expression{first}
	for p.take(operator) {
		next, err := part(depth)
		if err != nil {
			return next, err
		}
		parts = append(parts, next)
	}
	if len(parts) == 1 {
		return first, nil
	}
	return expression{operator: operator, parts: parts}, nil
}

func (p *parser) unary(depth int) (expression, error) {
	if depth > deepest {
		return expression{}, errors.New("is nested too deep")
	}
	switch {
	case p.take("!"):
		e, err := p.unary(depth + 1)
		return expression{operator: "!", parts: []expression{e}}, err
	case p.take("("):
		e, err := p.or(depth + 1)
		if err == nil && !p.take(")") {
			err = errors.New("lacks a )")
		}
		return e, err
	}
	return p.call()
}

// call reads Name(`a`, `b`).
func (p *parser) call() (expression, error) {
	text := p.space()
	end := strings.IndexFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if end <= 0 || text[end] != '(' {
		return expression{}, fmt.Errorf("has %q where a matcher such as Host(`demo.local`) should stand", text[:min(len(text), 20)])
	}
	m := matcher{name: strings.ToLower(text[:end])}
	p.rest = text[end+1:]
	for !p.take(")") {
		if len(m.args) > 0 && !p.take(",") {
			return expression{}, fmt.Errorf("lacks a ) behind %s", text[:end])
		}
		arg, err := p.argument()
		if err != nil {
			return expression{}, err
		}
		m.args = append(m.args, arg)
	}
	return spread(m), nil
}

// argument reads a text in backticks or double quotes.
func (p *parser) argument() (string, error) {
	text := p.space()
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil || quoted[0] == '\'' {
		return "", fmt.Errorf("has %q where a text in backticks should stand", text[:min(len(text), 20)])
	}
	p.rest = text[len(quoted):]
	return strconv.Unquote(quoted)
}

// spread makes one matcher for each argument where version 2 took several.
func spread(m matcher) expression {
	operator := "||"
	switch {
	case len(m.args) < 2 || slices.Contains([]string{"header", "headers", "headerregexp", "headersregexp", "queryregexp"}, m.name):
		return expression{matcher: m}
	case m.name == "query":
		if !strings.Contains(m.args[0], "=") {
			return expression{matcher: m}
		}
		operator = "&&"
	}
	e := expression{operator: operator}
	for _, arg := range m.args {
		e.parts = append(e.parts, expression{matcher: matcher{name: m.name, args: []string{arg}}})
	}
	return e
}

// mostAlternatives bounds what a rule may be multiplied out to.
const mostAlternatives = 256

// multiply turns an expression into alternatives, of which each is matchers that
// must all hold.
func (e *expression) multiply(not bool) ([][]matcher, error) {
	switch {
	case e.operator == "":
		m := e.matcher
		m.not = not
		return [][]matcher{{m}}, nil
	case e.operator == "!":
		return e.parts[0].multiply(!not)
	case (e.operator == "||") != not:
		var all [][]matcher
		for i := range e.parts {
			part, err := e.parts[i].multiply(not)
			if err != nil {
				return nil, err
			}
			all = append(all, part...)
		}
		return all, tooMany(all)
	}
	return e.cross(not)
}

func (e *expression) cross(not bool) ([][]matcher, error) {
	all := [][]matcher{nil}
	for i := range e.parts {
		part, err := e.parts[i].multiply(not)
		if err != nil {
			return nil, err
		}
		var next [][]matcher
		for _, left := range all {
			for _, right := range part {
				next = append(next, append(slices.Clone(left), right...))
			}
		}
		if all = next; tooMany(all) != nil {
			return nil, tooMany(all)
		}
	}
	return all, nil
}

func tooMany(all [][]matcher) error {
	if len(all) > mostAlternatives {
		return errors.New("has too many alternatives: write Routes by hand")
	}
	return nil
}
