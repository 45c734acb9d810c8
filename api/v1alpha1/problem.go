package v1alpha1

import "fmt"

// Problem is one mistake in an object. It is no error: the rest of the object
// is served.
type Problem struct {
	// Path is the field's, as in "spec.rules[2].matches[0].path.value"; "" for
	// the object as a whole.
	Path string
	// Reason is the Reason that the Condition gets: Invalid, UnsupportedValue
	// or IncompatibleFilters.
	Reason string
	// Message says what is wrong and what would be right.
	Message string
	// Rule is the index of the Rule that alone is affected, or -1 where the
	// whole object is.
	Rule int
}

// String is the path and the message.
func (p Problem) String() string {
	if p.Path == "" {
		return p.Message
	}
	return fmt.Sprintf("%s: %s", p.Path, p.Message)
}
