package compose

import (
	"regexp"
	"strings"
)

// variable is $$, $NAME, or ${NAME} with a default or not.
var variable = regexp.MustCompile(`\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?+])([^}]*))?\})`)

// fill fills the variables of a text in. One that is not set and has no default
// stays as it is, so that whoever reads the text says what is wrong with it.
func fill(text string, lookup func(string) (string, bool)) string {
	if !strings.Contains(text, "$") {
		return text
	}
	return variable.ReplaceAllStringFunc(text, func(found string) string {
		m := variable.FindStringSubmatch(found)
		if m[1] != "" {
			return "$"
		}
		value, set := lookup(m[2] + m[3])
		set = set && (value != "" || !strings.HasPrefix(m[4], ":"))
		switch operator := strings.TrimPrefix(m[4], ":"); {
		case operator == "+" && set, operator == "-" && !set:
			return m[5]
		case operator == "+":
			return ""
		case set:
			return value
		}
		return found
	})
}
