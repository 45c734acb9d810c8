package v1alpha1

import "time"

// Default fills in what the user left out of r, where leaving it out has one
// fixed meaning. It edits r in place, so r should be the caller's own; a second
// call changes nothing. What is wrong in r stays as it is, for Validate.
func Default(r *Route) {
	defaultTLS(r.Spec.TLS)
	if r.Spec.Backend != nil {
		defaultBackend(r.Spec.Backend)
	}
	for i := range r.Spec.Rules {
		defaultRule(&r.Spec.Rules[i])
	}
	defaultLoadBalancing(r.Spec.LoadBalancing)
	defaultHealthCheck(r.Spec.HealthCheck)
}

func defaultLoadBalancing(lb *LoadBalancing) {
	if lb == nil {
		return
	}
	if lb.ConsistentHash != nil {
		fill(&lb.Type, ConsistentHash)
	}
	fill(&lb.Type, RoundRobin)
}

func defaultHealthCheck(h *HealthCheck) {
	if h == nil {
		return
	}
	fillPointer(&h.MaxFails, 3)
	fillPointer(&h.FailTimeout, Duration(10*time.Second))
	if h.Type == "" {
		return
	}
	fillPointer(&h.Interval, Duration(10*time.Second))
	fillPointer(&h.Timeout, Duration(2*time.Second))
	if h.Type == CheckHTTP {
		fill(&h.Path, "/")
	}
}

func defaultTLS(t *RouteTLS) {
	if t == nil || t.Mode != TLSTerminate {
		return
	}
	if t.Policy == PolicyModern {
		fill(&t.MinVersion, "1.3")
	}
	fill(&t.MinVersion, "1.2")
	fillPointer(&t.Redirect, true)
	if t.ClientAuth != nil {
		fill(&t.ClientAuth.Mode, ClientRequire)
	}
}

func defaultRule(r *Rule) {
	for i := range r.Matches {
		defaultMatch(&r.Matches[i])
	}
	defaultFilters(r.Filters)
	for i := range r.Backends {
		defaultBackend(&r.Backends[i])
	}
	if r.Retry != nil {
		fillPointer(&r.Retry.Attempts, 1)
	}
	if s := r.SessionPersistence; s != nil {
		fill(&s.SessionName, "fairlead-session")
		fill(&s.Type, SessionCookie)
		if s.CookieConfig != nil {
			fill(&s.CookieConfig.LifetimeType, LifetimeSession)
		}
	}
}

func defaultMatch(m *Match) {
	fillPointer(&m.Path, PathMatch{})
	fill(&m.Path.Type, MatchPathPrefix)
	fill(&m.Path.Value, "/")
	for _, values := range [][]ValueMatch{m.Headers, m.QueryParams} {
		for i := range values {
			fill(&values[i].Type, MatchExact)
		}
	}
}

func defaultFilters(filters []Filter) {
	for i := range filters {
		f := &filters[i]
		if f.RequestRedirect != nil {
			fill(&f.RequestRedirect.StatusCode, 302)
		}
		if f.CORS != nil {
			fillPointer(&f.CORS.MaxAge, 5)
		}
		if f.RequestMirror != nil {
			fillPointer(&f.RequestMirror.Percent, 100)
			defaultBackend(&f.RequestMirror.Backend)
		}
	}
}

func defaultBackend(b *Backend) {
	fillPointer(&b.Weight, 1)
	fill(&b.Protocol, ProtocolHTTP)
	defaultFilters(b.Filters)
}

// fill sets *v where it is the zero value.
func fill[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// fillPointer sets *p where it is nil.
func fillPointer[T any](p **T, value T) {
	if *p == nil {
		*p = &value
	}
}
