package interlock

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func (t *translation) add(p Problem) { t.Problems = append(t.Problems, p) }

// wrong notes that the value of a label cannot be used.
func (t *translation) wrong(name, format string, args ...any) {
	t.add(Problem{Label: Prefix + name, Value: t.Labels[Prefix+name], Reason: v1alpha1.ReasonInvalid, Message: fmt.Sprintf(format, args...)})
}

// refuse makes what is wrong with a label fatal for the service, and is wrong
// where nothing is yet.
func (t *translation) refuse(name, format string, args ...any) {
	if !t.isWrong(name) {
		t.wrong(name, format, args...)
	}
	for i := range t.Problems {
		t.Problems[i].Fatal = t.Problems[i].Fatal || t.Problems[i].Label == Prefix+name
	}
}

// isWrong says whether a label has a Problem already.
func (t *translation) isWrong(name string) bool {
	return slices.ContainsFunc(t.Problems, func(p Problem) bool { return p.Label == Prefix+name })
}

// note says a word on a label that was understood.
func (t *translation) note(name, format string, args ...any) {
	label := Prefix + name
	t.Notes = append(t.Notes, Problem{Label: label, Value: t.Labels[label], Reason: v1alpha1.ReasonAccepted, Message: fmt.Sprintf(format, args...)})
}

// skip is note, for a label that needs no field.
func (t *translation) skip(name, format string, args ...any) {
	t.note(name, format, args...)
	t.skipped = append(t.skipped, Prefix+name)
}

// has says whether a label is there, with whatever value.
func (t *translation) has(name string) bool {
	_, ok := t.Labels[Prefix+name]
	return ok
}

// text is the value of a label without blanks around it. It is empty where the
// label is not there, or has no value, which is a Problem.
func (t *translation) text(name string) string {
	value := strings.TrimSpace(t.Labels[Prefix+name])
	if value == "" && t.has(name) {
		t.wrong(name, "is empty: give it a value, or remove it")
	}
	return value
}

// isTrue is the value of a label that is true or false; anything else is a
// Problem and false.
func (t *translation) isTrue(name string) bool {
	value := t.text(name)
	if value == "" {
		return false
	}
	b, err := strconv.ParseBool(strings.ToLower(value))
	if err != nil {
		t.wrong(name, "is %q, must be \"true\" or \"false\"", value)
	}
	return b
}

// number is the value of a label between least and most.
func (t *translation) number(name string, least, most int) (n int, ok bool) {
	value := t.text(name)
	if value == "" {
		return 0, false
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < least || n > most {
		t.wrong(name, "is %q, must be a number from %d to %d", value, least, most)
		return 0, false
	}
	return n, true
}

// list is the value of a label taken apart at the commas, without empty items.
func (t *translation) list(name string) []string { return items(t.text(name), ",") }

func items(value, separator string) []string {
	var all []string
	for item := range strings.SplitSeq(value, separator) {
		if item = strings.TrimSpace(item); item != "" {
			all = append(all, item)
		}
	}
	return all
}

var (
	swarmName   = regexp.MustCompile(v1alpha1.Pattern("swarmname"))
	clusterName = regexp.MustCompile(v1alpha1.Pattern("clustername"))
	hostPattern = regexp.MustCompile(v1alpha1.Pattern("hostpattern"))
	token       = regexp.MustCompile(v1alpha1.Pattern("headername"))
)

// swarmName is the value of a label that is the name of something in Docker.
func (t *translation) swarmName(name string) string {
	value := t.text(name)
	if value != "" && !swarmName.MatchString(value) {
		t.wrong(name, "is %q, must be a name as Docker gives them: letters, digits, -, _ and .", value)
		return ""
	}
	return value
}
