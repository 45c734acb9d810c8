package routing

import (
	"maps"
	"slices"
)

// hostIndex finds the most specific pattern that covers a host.
type hostIndex struct {
	exact names
	// suffixes are the wildcards without their star: ".example.com".
	suffixes map[string]*host
	any      *host
}

// host is all that is served for one host pattern on one Listener. What most
// requests ask for stands in its first line of cache.
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
	// parts are those of the Routes that name the pattern, in the Snapshot's order.
	parts []*part
	_     [16]byte // so that it begins with a line of cache
}

// newHostIndex makes that of the parts which are on the Listener; fill makes a
// host of its parts.
func newHostIndex(parts []*part, on func(*part) bool, fill func(*host)) hostIndex {
	x := hostIndex{exact: newNames(parts, on), suffixes: map[string]*host{}}
	for _, p := range parts {
		if !on(p) {
			continue
		}
		for _, pattern := range p.route.Hosts {
			x.take(pattern).take(p)
		}
	}
	x.exact.gather()
	for h := range x.each {
		fill(h)
	}
	return x
}

// take takes a part in, once.
func (h *host) take(p *part) {
	switch {
	case len(h.parts) == 0:
		h.parts = p.alone[:]
	case h.parts[len(h.parts)-1] != p:
		h.parts = append(h.parts, p)
	}
}

// with is x with other hosts; those without parts are none.
func (x *hostIndex) with(hosts []host) hostIndex {
	next := hostIndex{exact: x.exact, suffixes: maps.Clone(x.suffixes), any: x.any}
	var exact []host
	for _, h := range hosts {
		if h.pattern[0] != '*' {
			exact = append(exact, h)
			continue
		}
		own := &h
		if len(h.parts) == 0 {
			own = nil
		}
		switch {
		case h.pattern == "*":
			next.any = own
		case own == nil:
			delete(next.suffixes, h.pattern[1:])
		default:
			next.suffixes[h.pattern[1:]] = own
		}
	}
	next.exact = x.exact.with(exact)
	return next
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

// get returns the entry of a pattern, or nil.
func (x *hostIndex) get(pattern string) *host {
	switch {
	case pattern == "*":
		return x.any
	case pattern[0] == '*':
		return x.suffixes[pattern[1:]]
	}
	return x.exact.find(pattern)
}

// take returns the entry of a pattern, which it makes where there is none.
func (x *hostIndex) take(pattern string) *host {
	h := x.get(pattern)
	if h != nil {
		return h
	}
	switch {
	case pattern == "*":
		x.any = &host{pattern: pattern}
		return x.any
	case pattern[0] == '*':
		h = &host{pattern: pattern}
		x.suffixes[pattern[1:]] = h
		return h
	}
	return x.exact.add(pattern)
}

// each yields every entry: the exact ones, the longer wildcards first, and "*".
func (x *hostIndex) each(yield func(*host) bool) {
	for h := range x.exact.each {
		if !yield(h) {
			return
		}
	}
	for _, suffix := range slices.SortedFunc(maps.Keys(x.suffixes), func(a, b string) int { return len(b) - len(a) }) {
		if !yield(x.suffixes[suffix]) {
			return
		}
	}
	if x.any != nil {
		yield(x.any)
	}
}
