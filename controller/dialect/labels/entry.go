package labels

import (
	"cmp"
	"slices"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// Outcome is what became of a label.
type Outcome string

// The outcomes.
const (
	// Translated: the label stands in the Routes.
	Translated Outcome = "translated"
	// Adapted: it stands in the Routes, with a difference to know.
	Adapted Outcome = "adapted"
	// Needless: it holds without being said, or says nothing of routing.
	Needless Outcome = "needless"
	// Lost: it does not stand in the Routes.
	Lost Outcome = "lost"
)

// Entry is what became of one label of one service.
type Entry struct {
	Service string  `json:"service"`
	Dialect string  `json:"dialect"`
	Label   string  `json:"label"`
	Value   string  `json:"value"`
	Outcome Outcome `json:"outcome"`
	// Field is where it stands now: a Route and a field path.
	Field string `json:"field,omitempty"`
	// Why says what differs, or why it is lost and what to do.
	Why string `json:"why,omitempty"`
}

// Route is a Route and what it was made of.
type Route struct {
	v1alpha1.Route
	// Service is the service whose labels it was made of.
	Service *Service
	// Open are the lost labels that kept requests out: without them everybody
	// gets in.
	Open []string
	// Shared: other services may serve the same requests beside this one.
	Shared bool
}

// Result is what services mean in a dialect.
type Result struct {
	Routes  []Route
	Entries []Entry
}

// Add takes another Result in.
func (r *Result) Add(other Result) {
	r.Routes = append(r.Routes, other.Routes...)
	r.Entries = append(r.Entries, other.Entries...)
}

// Sort puts Routes and Entries in order.
func (r *Result) Sort() {
	slices.SortStableFunc(r.Routes, func(a, b Route) int { return cmp.Compare(a.Metadata.Key(), b.Metadata.Key()) })
	slices.SortStableFunc(r.Entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Dialect, b.Dialect), cmp.Compare(a.Label, b.Label))
	})
}

// Dialect is a product whose labels can be read.
type Dialect struct {
	// Name is how people choose it.
	Name string
	// Claims says whether a label is one of the product's.
	Claims func(label string) bool
	// Translate reads all services at once, because in some dialects one refers
	// to what stands at another.
	Translate func(services []*Service) Result
}
