package labels

import "fairlead.dev/fairlead/api/v1alpha1"

// Tidy leaves out of a Route what it would have without saying it, so that it
// reads as a person would write it.
func Tidy(r *v1alpha1.Route) {
	s := &r.Spec
	if t := s.TLS; t != nil {
		if t.MinVersion == "1.2" {
			t.MinVersion = ""
		}
		if t.Redirect != nil && *t.Redirect {
			t.Redirect = nil
		}
	}
	shorten(s)
	if s.Backend != nil {
		tidyBackend(s.Backend, true)
	}
	for i := range s.Rules {
		rule := &s.Rules[i]
		for j := range rule.Matches {
			tidyMatch(&rule.Matches[j])
		}
		if len(rule.Matches) == 1 && isEverything(rule.Matches[0]) {
			rule.Matches = nil
		}
		for j := range rule.Backends {
			tidyBackend(&rule.Backends[j], len(rule.Backends) == 1)
		}
	}
}

// shorten turns one Rule that is nothing but a Backend into the short form.
func shorten(s *v1alpha1.RouteSpec) {
	if len(s.Rules) != 1 {
		return
	}
	r := s.Rules[0]
	everything := len(r.Matches) == 0 || len(r.Matches) == 1 && isEverything(r.Matches[0])
	if everything && r.Name == "" && len(r.Filters) == 0 && len(r.Backends) == 1 && r.Timeouts == nil && r.Retry == nil && r.SessionPersistence == nil {
		s.Backend, s.Rules = &r.Backends[0], nil
	}
}

func isEverything(m v1alpha1.Match) bool {
	root := m.Path == nil || (m.Path.Type == "" || m.Path.Type == v1alpha1.MatchPathPrefix) && (m.Path.Value == "" || m.Path.Value == "/")
	return root && m.Method == "" && len(m.Headers)+len(m.QueryParams) == 0
}

func tidyBackend(b *v1alpha1.Backend, alone bool) {
	if alone && b.Weight != nil && *b.Weight == 1 {
		b.Weight = nil
	}
	if b.Protocol == v1alpha1.ProtocolHTTP {
		b.Protocol = ""
	}
}

func tidyMatch(m *v1alpha1.Match) {
	if p := m.Path; p != nil && p.Value == "/" && p.Type == v1alpha1.MatchPathPrefix {
		m.Path = nil
	}
	for _, values := range [][]v1alpha1.ValueMatch{m.Headers, m.QueryParams} {
		for i := range values {
			if values[i].Type == v1alpha1.MatchExact {
				values[i].Type = ""
			}
		}
	}
}
