package routing

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// walked is the number of candidates up to which walking them is as good as an
// index.
const walked = 8

// matches are what the Routes of a host, or of a part, ask of a request.
type matches struct {
	// rule and match are those of the only candidate where it admits every path and
	// asks for nothing else, as most do: then the list need not be looked at.
	rule  *Rule
	match *snapshot.Match
	list  *list // nil of none
}

// list are candidates in order of precedence.
type list struct {
	sorted []candidate
	// paths is set where there are more than a few.
	paths *paths
}

// newMatches puts candidates in order, in l, which nobody else has.
func newMatches(candidates []candidate, l *list) matches {
	if len(candidates) == 0 {
		return matches{}
	}
	l.sorted = candidates
	m := matches{list: l}
	if c := &candidates[0]; len(candidates) == 1 && c.admitsAll() {
		m.rule, m.match = c.rule, c.match
	}
	m.list.sort()
	return m
}

// admitsAll says whether c admits every request whose path begins with a slash.
func (c *candidate) admitsAll() bool {
	return c.class == classPrefix && c.path == "" && c.match.Method == "" && len(c.match.Headers)+len(c.match.Query) == 0
}

// paths say for each path where its run of candidates stands in matches.sorted.
type paths struct {
	exact, prefix map[string]run
	regex         run
	// longest is the length of the longest prefix: what is longer is not looked
	// up, or a path of nothing but slashes would cost its length squared.
	longest int
}

// run is a half-open range of sorted.
type run struct{ from, to int }

// add takes others over where they are the first; else it sorts all anew.
func (m *matches) add(others *matches) {
	switch {
	case others.list == nil:
	case m.list == nil:
		*m = *others
	default:
		*m = newMatches(slices.Concat(m.list.sorted, others.list.sorted), &list{})
	}
}

// sort puts the candidates in order, once all are there.
func (l *list) sort() {
	if len(l.sorted) < 2 {
		return
	}
	slices.SortStableFunc(l.sorted, func(a, b candidate) int { return compare(&a, &b) })
	if len(l.sorted) > walked {
		l.index()
	}
}

// index groups Exact candidates by path, and prefixes likewise. Two exact paths
// never both admit a request, nor two prefixes of one length, so what stands
// between the members of a group may be left out.
func (l *list) index() {
	p := &paths{exact: map[string]run{}, prefix: map[string]run{}}
	l.paths = p
	slices.SortStableFunc(l.sorted, func(a, b candidate) int {
		if c := compareGroups(&a, &b); c != 0 {
			return c
		}
		return compare(&a, &b)
	})
	for i := range l.sorted {
		switch c := &l.sorted[i]; c.class {
		case classExact:
			extend(p.exact, c.path, i)
		case classPrefix:
			extend(p.prefix, c.path, i)
			p.longest = max(p.longest, len(c.path))
		default:
			if p.regex.to == 0 {
				p.regex.from = i
			}
			p.regex.to = i + 1
		}
	}
}

// compareGroups orders by class, and within Exact and prefixes by path, longer
// paths first.
func compareGroups(a, b *candidate) int {
	switch {
	case a.class != b.class:
		return int(a.class) - int(b.class)
	case a.class == classRegex:
		return 0
	case len(a.path) != len(b.path):
		return len(b.path) - len(a.path)
	}
	return strings.Compare(a.path, b.path)
}

func extend(groups map[string]run, path string, i int) {
	if g, ok := groups[path]; ok {
		groups[path] = run{g.from, i + 1}
		return
	}
	groups[path] = run{i, i + 1}
}

// first returns the Rule of the highest precedence that admits r, with the Match,
// or nil.
func (m *matches) first(r *Request) (*Rule, *snapshot.Match) {
	switch {
	case m.rule != nil && r.Path[0] == '/':
		return m.rule, m.match
	case m.list == nil:
		return nil, nil
	}
	if c := m.list.first(r); c != nil {
		return c.rule, c.match
	}
	return nil, nil
}

// first returns the candidate of the highest precedence that admits r, or nil.
func (l *list) first(r *Request) *candidate {
	p := l.paths
	if p == nil {
		return l.within(r, run{0, len(l.sorted)})
	}
	if c := l.within(r, p.exact[r.Path]); c != nil {
		return c
	}
	if c := l.within(r, p.regex); c != nil {
		return c
	}
	for end := len(r.Path); end >= 0; end = strings.LastIndexByte(r.Path[:end], '/') {
		if end > p.longest {
			end = min(end, p.longest+1)
			continue
		}
		if c := l.within(r, p.prefix[r.Path[:end]]); c != nil {
			return c
		}
	}
	return nil
}

func (l *list) within(r *Request, g run) *candidate {
	for i := g.from; i < g.to; i++ {
		if c := &l.sorted[i]; c.refusal(r).what == nothing {
			return c
		}
	}
	return nil
}
