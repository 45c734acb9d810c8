package routing

import (
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// Table answers for one Snapshot. It is immutable.
type Table struct {
	parts    []*part // of the Snapshot's Routes, in its order
	indices  indices
	policies []*Policy
	plain    hostIndex
	tls      hostIndex
	// unknown is the Outcome for a host that no pattern covers.
	unknown Outcome
}

// NewTable compiles s, which must not change after. The error is a bug of
// whoever made s: an expression that does not compile, an unknown type.
func NewTable(s *snapshot.Snapshot) (*Table, error) {
	t, _, err := (&Table{}).Next(s)
	return t, err
}

// Next is NewTable for one who has the Table of the Snapshot before. What the two
// Snapshots share, the Tables share too, so that a change among ten thousand
// Routes costs no more than it is.
func (t *Table) Next(s *snapshot.Snapshot) (*Table, Difference, error) {
	b, err := newBuilder(t, s)
	if err != nil {
		return nil, Difference{}, err
	}
	return b.table(), b.Difference, nil
}

// Difference is what one Table has and another has not. A Route that changed is
// in both lists.
type Difference struct{ gone, come []*part }

// Gone yields the Rules that are no more.
func (d Difference) Gone(yield func(*Rule) bool) { rulesOf(d.gone, yield) }

// Came yields the Rules that are new.
func (d Difference) Came(yield func(*Rule) bool) { rulesOf(d.come, yield) }

// unknown is what becomes of a request for a host that no Route names.
func unknown(routes []*snapshot.Route) Outcome {
	byHand := func(r *snapshot.Route) bool { return !r.FromLabels }
	if len(routes) == 0 || slices.ContainsFunc(routes, byHand) {
		return NotFound
	}
	return Unavailable
}

// Rules yields all Rules, in the Snapshot's order. They must not be changed.
func (t *Table) Rules(yield func(*Rule) bool) { rulesOf(t.parts, yield) }

func rulesOf(parts []*part, yield func(*Rule) bool) {
	for _, p := range parts {
		for i := range p.rules {
			if !yield(&p.rules[i]) {
				return
			}
		}
	}
}

// Size is more than any Rule's Index, and not much more than there are Rules.
func (t *Table) Size() int { return t.indices.next }

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
	if rule, match := h.open.first(r); rule != nil {
		return Result{Outcome: Found, Pattern: h.pattern, Rule: rule, Match: match}
	}
	switch rule, match := h.terminated.first(r); {
	case rule != nil && rule.Route.InClear:
		return Result{Outcome: Found, Pattern: h.pattern, Rule: rule, Match: match}
	case rule != nil:
		return Result{Outcome: RedirectToHTTPS, Pattern: h.pattern, Rule: rule, Match: match}
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
	if rule, match := h.terminated.first(r); rule != nil {
		return Result{Outcome: Found, Pattern: h.pattern, Rule: rule, Match: match}
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
