package plan

import (
	"fmt"
	"net/http"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

func hashKey(lb *v1alpha1.LoadBalancing) *snapshot.HashKey {
	k := lb.ConsistentHash
	if k == nil || lb.Type != v1alpha1.ConsistentHash {
		return nil
	}
	return &snapshot.HashKey{ClientIP: k.ClientIP, Header: http.CanonicalHeaderKey(k.Header), Cookie: k.Cookie, Query: k.Query}
}

// checkOf is what the Route says of its Backends' health. Routes that say the same
// have one, so that it can be compared, and their Backends are the same.
func (r *resolver) checkOf(rt *route) *snapshot.HealthCheck {
	if rt.spec.HealthCheck == nil {
		return nil
	}
	check := healthCheck(rt.spec.HealthCheck)
	if r.checks[check] == nil {
		r.checks[check] = &check
	}
	return r.checks[check]
}

func healthCheck(h *v1alpha1.HealthCheck) snapshot.HealthCheck {
	out := snapshot.HealthCheck{
		Type: snapshot.CheckType(h.Type), Path: h.Path, FailTimeout: duration(h.FailTimeout),
		Interval: duration(h.Interval), Timeout: duration(h.Timeout),
	}
	if h.MaxFails != nil {
		out.MaxFails = *h.MaxFails
	}
	return out
}

// checked is the ID of a Backend with a HealthCheck, if it has one.
func checked(id string, c *snapshot.HealthCheck) string {
	if c == nil {
		return id
	}
	asked := ""
	if c.Type != "" {
		asked = fmt.Sprintf(",%s%s,%v,%v", c.Type, c.Path, c.Interval, c.Timeout)
	}
	return fmt.Sprintf("%s+check(%d,%v%s)", id, c.MaxFails, c.FailTimeout, asked)
}

func session(p *v1alpha1.SessionPersistence) *snapshot.Session {
	if p == nil {
		return nil
	}
	return &snapshot.Session{
		Name: p.SessionName, Header: p.Type == v1alpha1.SessionHeader,
		Absolute: duration(p.AbsoluteTimeout), Idle: duration(p.IdleTimeout),
		Permanent: p.CookieConfig != nil && p.CookieConfig.LifetimeType == v1alpha1.LifetimePermanent,
	}
}
