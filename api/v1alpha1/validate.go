package v1alpha1

import (
	"fmt"
	"slices"
)

// Validate returns every mistake in r, which has its defaults: first those that
// one field shows by itself (the validate tags), then those between fields,
// then what this version does not serve. It edits nothing. An object without
// mistakes gives nil.
func Validate(r *Route) []Problem {
	f := &findings{rule: -1}
	f.checkTags(r)
	f.checkSpec(&r.Spec)
	f.checkUnsupported(&r.Spec)
	return f.problems
}

// findings gathers Problems. The checks are its methods, so that each is a line
// where it is called.
type findings struct {
	problems []Problem
	rule     int // what Problem.Rule becomes
}

// add notes a Problem, unless the field at path is known to be wrong already:
// one mistake is told once.
func (f *findings) add(path, reason, format string, args ...any) {
	if slices.ContainsFunc(f.problems, func(p Problem) bool { return p.Path == path }) {
		return
	}
	f.problems = append(f.problems, Problem{Path: path, Reason: reason, Message: fmt.Sprintf(format, args...), Rule: f.rule})
}

func (f *findings) invalid(path, format string, args ...any) {
	f.add(path, ReasonInvalid, format, args...)
}

// inRule runs check for the Rule of index i, whose Problems concern it alone.
func (f *findings) inRule(i int, check func(path string)) {
	f.rule = i
	check(fmt.Sprintf("spec.rules[%d]", i))
	f.rule = -1
}

// at is the path of item i of the list at path.
func at(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
