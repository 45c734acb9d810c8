package labels

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Set is the labels of one service that belong to one dialect. It remembers
// what was said of each; where more than one thing was, the worst counts for the
// Outcome and the words stand side by side.
type Set struct {
	Service *Service
	dialect string
	values  map[string]string
	said    map[string]*Entry
}

// NewSet takes the labels that claims wants: those of the service, and where it
// has none those of its containers. It is nil where there are none at all.
func NewSet(s *Service, dialect string, claims func(string) bool) *Set {
	for _, from := range []map[string]string{s.Labels, s.Container} {
		set := &Set{Service: s, dialect: dialect, values: map[string]string{}, said: map[string]*Entry{}}
		for name, value := range from {
			if claims(name) {
				set.values[name] = strings.TrimSpace(value)
			}
		}
		if len(set.values) > 0 {
			return set
		}
	}
	return nil
}

// Names are the labels, sorted.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.values)) }

// Value is that of a label, without blanks around it.
func (s *Set) Value(label string) (value string, ok bool) {
	value, ok = s.values[label]
	return value, ok
}

// Became says that a label stands in a field.
func (s *Set) Became(label, field string) { s.say(label, Translated, field, "") }

// Adapted says that a label stands in a field, and what is different there.
func (s *Set) Adapted(label, field, format string, args ...any) {
	s.say(label, Adapted, field, fmt.Sprintf(format, args...))
}

// Needless says why a label needs no field.
func (s *Set) Needless(label, format string, args ...any) {
	s.say(label, Needless, "", fmt.Sprintf(format, args...))
}

// Lost says why a label is not translated, and what to do.
func (s *Set) Lost(label, format string, args ...any) {
	s.say(label, Lost, "", fmt.Sprintf(format, args...))
}

// hidden are labels whose values are passwords or keys.
var hidden = regexp.MustCompile(`(?i)(basic_?auth|digestauth|\.users$|serviceCert|password|publickey)`)

// severity orders the outcomes: the worst of several counts.
var severity = []Outcome{Needless, Translated, Adapted, Lost}

func (s *Set) say(label string, outcome Outcome, field, why string) {
	value, ok := s.values[label]
	if !ok {
		return
	}
	e, ok := s.said[label]
	if !ok {
		if hidden.MatchString(label) {
			value = "(not shown)"
		}
		e = &Entry{Service: s.Service.Name, Dialect: s.dialect, Label: label, Value: value, Outcome: outcome}
		s.said[label] = e
	}
	if slices.Index(severity, outcome) > slices.Index(severity, e.Outcome) {
		e.Outcome = outcome
	}
	e.Field = joined(e.Field, field, ", ")
	e.Why = joined(e.Why, why, "; ")
}

// joined is a and b, each of which may be empty or in a already.
func joined(a, b, separator string) string {
	if a == "" || b == "" {
		return a + b
	}
	if slices.Contains(strings.Split(a, separator), b) {
		return a
	}
	return a + separator + b
}

// Said says whether something was said of a label.
func (s *Set) Said(label string) bool { return s.said[label] != nil }

// Entries are what was said, sorted by label. Labels of which nothing was said
// are lost.
func (s *Set) Entries() []Entry {
	var all []Entry
	for _, label := range s.Names() {
		if !s.Said(label) {
			s.Lost(label, "is no label that %s is known to read", s.dialect)
		}
		all = append(all, *s.said[label])
	}
	return all
}
