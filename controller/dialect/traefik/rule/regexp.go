package rule

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// whole makes an expression that may match anywhere one that must match the
// whole value.
func whole(expression string) (string, error) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return "", err
	}
	begins, ends := false, false
	if tree.Op == syntax.OpConcat && len(tree.Sub) > 1 {
		begins = tree.Sub[0].Op == syntax.OpBeginText && strings.HasPrefix(expression, "^")
		ends = tree.Sub[len(tree.Sub)-1].Op == syntax.OpEndText && strings.HasSuffix(expression, "$")
	}
	if !begins && !ends {
		return ".*(?:" + expression + ").*", nil
	}
	text := expression
	if begins {
		text = text[1:]
	} else {
		text = ".*" + text
	}
	if ends {
		text = text[:len(text)-1]
	} else {
		text += ".*"
	}
	return text, nil
}

// braces are the variables of paths and hosts in version 2: {name} or
// {name:expression}.
var braces = regexp.MustCompile(`\{([A-Za-z0-9_-]*)(?::((?:[^{}]|\{[0-9,]+\})*))?\}`)

// unbrace turns a text with variables into an expression; otherwise is what a
// variable without one matches.
func unbrace(text, otherwise string) (expression string, had bool) {
	var b strings.Builder
	last := 0
	for _, at := range braces.FindAllStringSubmatchIndex(text, -1) {
		b.WriteString(regexp.QuoteMeta(text[last:at[0]]))
		if at[4] >= 0 {
			b.WriteString("(?:" + text[at[4]:at[5]] + ")")
		} else {
			b.WriteString(otherwise)
		}
		last, had = at[1], true
	}
	b.WriteString(regexp.QuoteMeta(text[last:]))
	return b.String(), had
}

// mostHosts is how many hosts an expression may stand for.
const mostHosts = 32

// hostsOf are the hosts that an expression matches, if they can be said as hosts
// of a Route: a few exact ones, a suffix, or all. loose says that a Route's
// suffix matches more than the expression does.
func hostsOf(expression string) (hosts []string, loose, ok bool) {
	parts, ok := partsOf(expression)
	if !ok {
		return nil, false, false
	}
	if !isAnything(parts[0]) {
		hosts, ok = literals(parts)
		return lower(hosts), false, ok
	}
	if len(parts) == 1 {
		return []string{"*"}, !isAnyText(parts[0]), true
	}
	ends, ok := literals(parts[1:])
	for i, end := range ends {
		if !strings.HasPrefix(end, ".") {
			return nil, false, false
		}
		ends[i] = "*" + end
	}
	return lower(ends), !isAnyText(parts[0]), ok
}

func lower(hosts []string) []string {
	for i := range hosts {
		hosts[i] = strings.ToLower(hosts[i])
	}
	return hosts
}

// partsOf are what an expression is made of, without the marks for beginning and
// end.
func partsOf(expression string) (parts []*syntax.Regexp, ok bool) {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return nil, false
	}
	parts = []*syntax.Regexp{tree}
	if tree.Op == syntax.OpConcat {
		parts = tree.Sub
	}
	for len(parts) > 0 && parts[0].Op == syntax.OpBeginText {
		parts = parts[1:]
	}
	for len(parts) > 0 && parts[len(parts)-1].Op == syntax.OpEndText {
		parts = parts[:len(parts)-1]
	}
	return parts, len(parts) > 0
}

// Literals are the few texts that an expression matches as a whole, if they can
// be said one by one.
func Literals(expression string) ([]string, bool) {
	parts, ok := partsOf(expression)
	if !ok {
		return nil, false
	}
	return literals(parts)
}

// isAnything says whether an expression matches one label of a host, at least.
func isAnything(e *syntax.Regexp) bool {
	for e.Op == syntax.OpCapture {
		e = e.Sub[0]
	}
	if e.Op != syntax.OpStar && e.Op != syntax.OpPlus {
		return false
	}
	sub := e.Sub[0]
	for sub.Op == syntax.OpCapture {
		sub = sub.Sub[0]
	}
	return sub.Op == syntax.OpAnyChar || sub.Op == syntax.OpAnyCharNotNL || sub.Op == syntax.OpCharClass && len(sub.Rune) >= 2
}

// isAnyText says whether it matches several labels as well.
func isAnyText(e *syntax.Regexp) bool {
	for e.Op != syntax.OpAnyChar && e.Op != syntax.OpAnyCharNotNL {
		if len(e.Sub) == 0 {
			return false
		}
		e = e.Sub[0]
	}
	return true
}

// literals are the texts that expressions match one after the other.
func literals(parts []*syntax.Regexp) ([]string, bool) {
	all := []string{""}
	for _, part := range parts {
		texts, ok := literal(part)
		if !ok || len(all)*len(texts) > mostHosts {
			return nil, false
		}
		var next []string
		for _, left := range all {
			for _, right := range texts {
				next = append(next, left+right)
			}
		}
		all = next
	}
	return all, true
}

func literal(e *syntax.Regexp) ([]string, bool) {
	switch e.Op {
	case syntax.OpLiteral:
		return []string{string(e.Rune)}, true
	case syntax.OpCapture:
		return literal(e.Sub[0])
	case syntax.OpConcat:
		return literals(e.Sub)
	case syntax.OpEmptyMatch:
		return []string{""}, true
	case syntax.OpQuest:
		texts, ok := literal(e.Sub[0])
		return append([]string{""}, texts...), ok
	case syntax.OpAlternate:
		var all []string
		for _, sub := range e.Sub {
			texts, ok := literal(sub)
			if !ok {
				return nil, false
			}
			all = append(all, texts...)
		}
		return all, true
	case syntax.OpCharClass:
		return letters(e)
	}
	return nil, false
}

// letters are those of a small class.
func letters(e *syntax.Regexp) ([]string, bool) {
	var all []string
	for i := 0; i+1 < len(e.Rune); i += 2 {
		for r := e.Rune[i]; r <= e.Rune[i+1]; r++ {
			if all = append(all, string(r)); len(all) > mostHosts {
				return nil, false
			}
		}
	}
	return all, true
}
