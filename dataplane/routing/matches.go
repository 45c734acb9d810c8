package routing

import (
	"slices"
	"strings"
)

// walked is the number of candidates up to which walking them is as good as an
// index.
const walked = 8

// matches are candidates in order of precedence.
type matches struct {
	sorted []candidate
	// paths is set where there are more than a few.
	paths *paths
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
	if m.sorted == nil {
		*m = *others
		return
	}
	*m = matches{sorted: slices.Concat(m.sorted, others.sorted)}
	m.sort()
}

// sort puts the candidates in order, once all are there.
func (m *matches) sort() {
	if len(m.sorted) < 2 {
		return
	}
	slices.SortStableFunc(m.sorted, func(a, b candidate) int { return compare(&a, &b) })
	if len(m.sorted) > walked {
		m.index()
	}
}

// index groups Exact candidates by path, and prefixes likewise. Two exact paths
// never both admit a request, nor two prefixes of one length, so what stands
// between the members of a group may be left out.
func (m *matches) index() {
	p := &paths{exact: map[string]run{}, prefix: map[string]run{}}
	m.paths = p
	slices.SortStableFunc(m.sorted, func(a, b candidate) int {
		if c := compareGroups(&a, &b); c != 0 {
			return c
		}
		return compare(&a, &b)
	})
	for i := range m.sorted {
		switch c := &m.sorted[i]; c.class {
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

// first returns the candidate of the highest precedence that admits r, or nil.
func (m *matches) first(r *Request) *candidate {
	p := m.paths
	if p == nil {
		return m.within(r, run{0, len(m.sorted)})
	}
	if c := m.within(r, p.exact[r.Path]); c != nil {
		return c
	}
	if c := m.within(r, p.regex); c != nil {
		return c
	}
	for end := len(r.Path); end >= 0; end = strings.LastIndexByte(r.Path[:end], '/') {
		if end > p.longest {
			end = min(end, p.longest+1)
			continue
		}
		if c := m.within(r, p.prefix[r.Path[:end]]); c != nil {
			return c
		}
	}
	return nil
}

func (m *matches) within(r *Request, g run) *candidate {
	for i := g.from; i < g.to; i++ {
		if c := &m.sorted[i]; c.refusal(r).what == nothing {
			return c
		}
	}
	return nil
}
