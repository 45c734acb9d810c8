package v1alpha1

import (
	"regexp"
	"slices"
	"time"
)

// checkLoadBalancing finds a consistent hash of nothing, of two things, or of what
// cannot be seen.
func (f *findings) checkLoadBalancing(lb *LoadBalancing, tls *RouteTLS) {
	const path = "spec.loadBalancing.consistentHash"
	k := lb.ConsistentHash
	switch {
	case k == nil && lb.Type == ConsistentHash:
		f.invalid(path, "is required with type ConsistentHash: say what is hashed, as in {cookie: session}")
	case k == nil:
	case lb.Type != ConsistentHash:
		f.invalid(path, "goes with type ConsistentHash only")
	case k.keys() != 1:
		f.invalid(path, "has %d keys, must have exactly one of clientIP: true, header, cookie and query", k.keys())
	case tls != nil && tls.Mode == TLSPassthrough && !k.ClientIP:
		f.invalid(path, "needs to see requests, and with tls.mode Passthrough they are encrypted: use {clientIP: true}, or mode Terminate")
	}
}

// keys counts the keys that are set.
func (k *HashKey) keys() int {
	n := 0
	for _, set := range []bool{k.ClientIP, k.Header != "", k.Cookie != "", k.Query != ""} {
		if set {
			n++
		}
	}
	return n
}

// shortestInterval is the least time between two checks.
const shortestInterval = Duration(100 * time.Millisecond)

// checkHealthCheck finds what has no meaning with the type of the check.
func (f *findings) checkHealthCheck(h *HealthCheck, tls *RouteTLS) {
	const path = "spec.healthCheck"
	if h.Type != CheckHTTP && h.Path != "" {
		f.invalid(path+".path", "goes with type HTTP only")
	}
	if tls != nil && tls.Mode == TLSPassthrough && (h.Type == CheckHTTP || h.Type == CheckGRPC) {
		f.invalid(path+".type", "is %s, which is asked in the clear, and with tls.mode Passthrough the endpoints speak TLS: use TCP", h.Type)
	}
	if h.Path != "" && h.Type == CheckHTTP && !checkTarget.MatchString(h.Path) {
		f.invalid(path+".path", "is %q: write other characters than letters, digits and -._~!$&'()*+,;=:@/? as %%XX", h.Path)
	}
	if h.FailTimeout != nil && *h.FailTimeout == 0 {
		f.invalid(path+".failTimeout", "is 0s: failures count, and an Endpoint stays out, for some time; use maxFails: 0 to take none out")
	}
	for _, field := range []struct {
		name  string
		value *Duration
		least Duration
	}{{".interval", h.Interval, shortestInterval}, {".timeout", h.Timeout, Duration(time.Millisecond)}} {
		switch {
		case field.value == nil:
		case h.Type == "":
			f.invalid(path+field.name, "goes with a type only: without one nothing is asked")
		case *field.value < field.least:
			f.invalid(path+field.name, "is %s, must be at least %s", field.value, field.least)
		}
	}
}

// checkTarget is what may stand in a path with a query (RFC 3986 section 3.3).
var checkTarget = regexp.MustCompile(`^/(?:[-A-Za-z0-9/._~!$&'()*+,;=:@?]|%[0-9A-Fa-f]{2})*$`)

// checkSession finds lifetimes that cannot be, and tasks that Swarm chooses.
func (f *findings) checkSession(path string, r *Rule) {
	s := r.SessionPersistence
	if i := slices.IndexFunc(r.Backends, func(b Backend) bool { return b.Mode == BackendVIP }); i >= 0 {
		f.invalid(path, "keeps clients on one task, and with mode VIP Swarm chooses the task: use mode Task for backends[%d]", i)
	}
	if s.CookieConfig != nil && s.Type == SessionHeader {
		f.invalid(path+".cookieConfig", "goes with type Cookie only")
	}
	if s.CookieConfig != nil && s.CookieConfig.LifetimeType == LifetimePermanent && s.AbsoluteTimeout == nil {
		f.invalid(path+".absoluteTimeout", "is required with lifetimeType Permanent: say how long browsers keep the cookie")
	}
	f.checkNotZero(path+".absoluteTimeout", s.AbsoluteTimeout)
	f.checkNotZero(path+".idleTimeout", s.IdleTimeout)
}

func (f *findings) checkNotZero(path string, timeout *Duration) {
	if timeout != nil && *timeout == 0 {
		f.invalid(path, "is 0s, which would end every session at once: leave it out for never")
	}
}
