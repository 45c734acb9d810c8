package v1alpha1

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
var routeLacks = []lacking[RouteSpec]{
	{"tls.mode", func(s *RouteSpec) bool { return s.TLS != nil && s.TLS.Mode == TLSSidecar }, "Sidecar is not supported yet: use Terminate or Passthrough"},
}

// checkUnsupported reports every use of what is not served.
func (f *findings) checkUnsupported(s *RouteSpec) { lack(f, "spec", s, routeLacks) }

func lack[T any](f *findings, path string, v *T, table []lacking[T]) {
	for _, l := range table {
		if l.used(v) {
			f.add(path+"."+l.field, ReasonUnsupportedValue, "%s", l.message)
		}
	}
}
