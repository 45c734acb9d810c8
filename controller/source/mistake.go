package source

import (
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Mistake is one thing in a manifest that does not decode.
type Mistake struct {
	// Source is the file's name, as the user gave it.
	Source string
	// Line counts from 1; 0 where no line is to blame.
	Line int
	// Path is the field's, as in "spec.rules[0].matches"; "" for the document.
	Path string
	// Message says what is wrong and what would be right.
	Message string
}

// Error is "file:line: path: message".
func (m Mistake) Error() string {
	var b strings.Builder
	b.WriteString(m.Source)
	if m.Line > 0 {
		fmt.Fprintf(&b, ":%d", m.Line)
	}
	if m.Path != "" {
		b.WriteString(": " + m.Path)
	}
	return b.String() + ": " + m.Message
}

// Mistakes are all that were found, in the order in which they stand there.
type Mistakes []Mistake

// Error has one line for each.
func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.Error()
	}
	return strings.Join(lines, "\n")
}

// err is m as an error, nil where there is none.
func (m Mistakes) err() error {
	if len(m) == 0 {
		return nil
	}
	return m
}

func (m Mistakes) sort() {
	slices.SortStableFunc(m, func(a, b Mistake) int { return a.Line - b.Line })
}

// problem is m for the Conditions of a stored object.
func (m Mistake) problem() v1alpha1.Problem {
	message := m.Message
	if m.Line > 0 {
		message = fmt.Sprintf("%s (line %d of the manifest)", m.Message, m.Line)
	}
	return v1alpha1.Problem{Path: m.Path, Reason: v1alpha1.ReasonInvalid, Message: message, Rule: -1}
}
