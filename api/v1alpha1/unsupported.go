package v1alpha1

import "fmt"

// lacking is a part of the contract that this version does not serve. Using it
// is a Problem with the Reason UnsupportedValue, never silence.
type lacking[T any] struct {
	// field is relative to the T.
	field string
	used  func(*T) bool
	// message says what to do instead.
	message string
}

// What is not served, all of it. A row goes when the feature comes.
var (
	routeLacks = []lacking[RouteSpec]{
		{"tls.mode", func(s *RouteSpec) bool { return s.TLS != nil && s.TLS.Mode == TLSSidecar }, "Sidecar is not supported yet: use Terminate or Passthrough"},
		{"tls.clientAuth", func(s *RouteSpec) bool { return s.TLS != nil && s.TLS.ClientAuth != nil }, "client certificates are not supported yet: remove it"},
	}
	filterLacks = []lacking[Filter]{
		{"type", func(f *Filter) bool { return f.Type == FilterRequestMirror }, "RequestMirror is not supported yet: remove the filter"},
	}
)

// checkUnsupported reports every use of what is not served.
func (f *findings) checkUnsupported(s *RouteSpec) {
	lack(f, "spec", s, routeLacks)
	if s.Backend != nil {
		f.lackBackend("spec.backend", s.Backend)
	}
	for i := range s.Rules {
		f.inRule(i, func(path string) {
			r := &s.Rules[i]
			f.lackFilters(path+".filters", r.Filters)
			for j := range r.Backends {
				f.lackBackend(fmt.Sprintf("%s.backends[%d]", path, j), &r.Backends[j])
			}
		})
	}
}

func (f *findings) lackBackend(path string, b *Backend) {
	f.lackFilters(path+".filters", b.Filters)
}

func (f *findings) lackFilters(path string, filters []Filter) {
	for i := range filters {
		lack(f, at(path, i), &filters[i], filterLacks)
	}
}

func lack[T any](f *findings, path string, v *T, table []lacking[T]) {
	for _, l := range table {
		if l.used(v) {
			f.add(path+"."+l.field, ReasonUnsupportedValue, "%s", l.message)
		}
	}
}
