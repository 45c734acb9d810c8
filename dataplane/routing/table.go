package routing

import (
	"fmt"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// Table answers for one Snapshot. It is immutable.
type Table struct {
	rules    []Rule
	policies []*Policy
	plain    hostIndex
	tls      hostIndex
	access   map[*snapshot.Route]*Access // of the Routes that have lists
	// unknown is the Outcome for a host that no pattern covers.
	unknown Outcome
}

// NewTable compiles s, which must not change after. The error is a bug of
// whoever made s: an expression that does not compile, an unknown type.
func NewTable(s *snapshot.Snapshot) (*Table, error) {
	b := newBuilder(s)
	b.t.unknown = unknown(s.Routes)
	for _, r := range s.Routes {
		if err := check(r); err != nil {
			return nil, err
		}
		if err := b.route(r); err != nil {
			return nil, err
		}
	}
	return b.table(), nil
}

// check refuses what a Snapshot promises never to hold.
func check(r *snapshot.Route) error {
	if r.TLS == snapshot.TLSPassthrough && len(r.Rules) != 1 {
		return fmt.Errorf("route %s passes TLS through and has %d rules", r.Key, len(r.Rules))
	}
	if slices.Contains(r.Hosts, "") {
		return fmt.Errorf("route %s has an empty host", r.Key)
	}
	return nil
}

// unknown is what becomes of a request for a host that no Route names.
func unknown(routes []*snapshot.Route) Outcome {
	byHand := func(r *snapshot.Route) bool { return !r.FromLabels }
	if len(routes) == 0 || slices.ContainsFunc(routes, byHand) {
		return NotFound
	}
	return Unavailable
}

// Rules returns all Rules; each stands at its Index. They must not be changed.
func (t *Table) Rules() []Rule { return t.rules }

// Policies returns all TLS Policies; each stands at its Index. They must not be
// changed.
func (t *Table) Policies() []*Policy { return t.policies }

// Match decides what becomes of a request that came by a Listener.
func (t *Table) Match(l Listener, r Request) Result {
	if r.Path == "" {
		r.Path = "/"
	}
	if l == TLS {
		return t.matchTLS(&r)
	}
	return t.matchPlain(&r)
}

func (t *Table) matchPlain(r *Request) Result {
	h := t.plain.lookup(Hostname(r.Host))
	if h == nil {
		return Result{Outcome: t.unknown}
	}
	if c := h.open.first(r); c != nil {
		return Result{Outcome: Found, Pattern: h.pattern, Rule: c.rule, Match: c.match}
	}
	switch c := h.terminated.first(r); {
	case c != nil && c.rule.Route.InClear:
		return Result{Outcome: Found, Pattern: h.pattern, Rule: c.rule, Match: c.match}
	case c != nil:
		return Result{Outcome: RedirectToHTTPS, Pattern: h.pattern, Rule: c.rule, Match: c.match}
	case h.redirects:
		return Result{Outcome: RedirectToHTTPS, Pattern: h.pattern}
	}
	return Result{Pattern: h.pattern}
}

func (t *Table) matchTLS(r *Request) Result {
	name := Hostname(r.Host)
	h := t.tls.lookup(name)
	if t.misdirected(h, name, r) {
		res := Result{Outcome: Misdirected}
		if h != nil {
			res.Pattern = h.pattern
		}
		return res
	}
	if h == nil {
		return Result{Outcome: t.unknown}
	}
	if c := h.terminated.first(r); c != nil {
		return Result{Outcome: Found, Pattern: h.pattern, Rule: c.rule, Match: c.match}
	}
	return Result{Pattern: h.pattern}
}

// misdirected says whether a request for a host of h has no place on a
// connection. The host that the connection was made for always has one, even when
// its Route is gone; but not where clients have to be verified, and this one was
// verified otherwise.
func (t *Table) misdirected(h *host, name string, r *Request) bool {
	sni := Hostname(r.SNI)
	switch {
	case h != nil && h.passthrough != nil:
		return true
	case h != nil && h.policy != nil && h.policy.Clients != "" && h.policy.Clients != r.Clients:
		return true
	}
	if sni == name {
		return false
	}
	conn := t.tls.lookup(sni)
	return h == nil || conn == nil || h.policy == nil || h.policy != conn.policy
}

// hostIndex finds the most specific pattern that covers a host.
type hostIndex struct {
	exact names
	// suffixes are the wildcards without their star: ".example.com".
	suffixes map[string]*host
	any      *host
}

// host is all that is served for one host pattern on one Listener.
type host struct {
	pattern string
	// open are the Matches of Routes without TLS, terminated those of Routes that
	// terminate TLS.
	open, terminated matches
	// redirects: there is a Route that is not served in the clear.
	redirects bool
	// passthrough is set on the TLS Listener where the bytes are passed on.
	passthrough *Rule
	// policy is set on the TLS Listener where TLS is terminated.
	policy *Policy
}

func (x *hostIndex) lookup(name string) *host {
	if h := x.exact.find(name); h != nil {
		return h
	}
	if len(x.suffixes) > 0 {
		for i := 1; i < len(name); i++ {
			if name[i] != '.' {
				continue
			}
			if h := x.suffixes[name[i:]]; h != nil {
				return h
			}
		}
	}
	return x.any
}

// get returns the entry of a pattern, which it makes where there is none.
func (x *hostIndex) get(pattern string, b *builder) *host {
	h := x.any
	switch {
	case pattern == "*":
	case pattern[0] == '*':
		h = x.suffixes[pattern[1:]]
	default:
		h = x.exact.find(pattern)
	}
	if h != nil {
		return h
	}
	h = b.host(pattern)
	switch {
	case pattern == "*":
		x.any = h
	case pattern[0] == '*':
		x.suffixes[pattern[1:]] = h
	default:
		x.exact.add(pattern, len(b.hosts)-1)
	}
	return h
}
