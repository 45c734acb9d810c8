package labels

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Headers gathers changes of header fields into the two Filters that a Rule may
// have of them.
type Headers struct {
	Request, Response v1alpha1.HeaderModifier
}

// SetHeader replaces a field, or takes it away where the value is empty.
func SetHeader(m *v1alpha1.HeaderModifier, name, value string) {
	if value == "" {
		RemoveHeader(m, name)
		return
	}
	m.Set = slices.DeleteFunc(m.Set, func(h v1alpha1.Header) bool { return strings.EqualFold(h.Name, name) })
	m.Set = append(m.Set, v1alpha1.Header{Name: name, Value: value})
}

// RemoveHeader takes a field away.
func RemoveHeader(m *v1alpha1.HeaderModifier, name string) {
	if !slices.ContainsFunc(m.Remove, func(n string) bool { return strings.EqualFold(n, name) }) {
		m.Remove = append(m.Remove, name)
	}
}

// Filters are the changes as Filters.
func (h *Headers) Filters() []v1alpha1.Filter {
	var filters []v1alpha1.Filter
	if m := h.Request; len(m.Set)+len(m.Add)+len(m.Remove) > 0 {
		filters = append(filters, v1alpha1.Filter{Type: v1alpha1.FilterRequestHeaderModifier, RequestHeaderModifier: &m})
	}
	if m := h.Response; len(m.Set)+len(m.Add)+len(m.Remove) > 0 {
		filters = append(filters, v1alpha1.Filter{Type: v1alpha1.FilterResponseHeaderModifier, ResponseHeaderModifier: &m})
	}
	return filters
}
