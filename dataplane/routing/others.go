package routing

import (
	"cmp"
	"slices"
	"strings"
)

// otherHosts names the host patterns that one might have expected to serve a
// host: wider ones that cover it too, the other Listener's, and where nothing
// covers it, up to three that are spelt almost like it.
func (t *Table) otherHosts(l Listener, name, pattern string) []OtherHost {
	x, other := &t.plain, &t.tls
	if l == TLS {
		x, other = other, x
	}
	var hosts []OtherHost
	for h := range x.each {
		if h.pattern != pattern && covers(h.pattern, name) {
			hosts = append(hosts, OtherHost{h.pattern, pattern + " is more specific, and there is no falling through"})
		}
	}
	slices.SortFunc(hosts, func(a, b OtherHost) int {
		return cmp.Or(cmp.Compare(len(b.Pattern), len(a.Pattern)), cmp.Compare(a.Pattern, b.Pattern))
	})
	if h := other.lookup(name); h != nil && pattern == "" {
		hosts = append(hosts, OtherHost{h.pattern, onlyBy(l)})
	}
	if pattern == "" {
		hosts = append(hosts, similar(x, name)...)
	}
	return hosts
}

func onlyBy(asked Listener) string {
	if asked == TLS {
		return "it is served over plain HTTP only"
	}
	return "it is served over TLS only"
}

// covers says whether a host pattern covers a host.
func covers(pattern, name string) bool {
	switch {
	case pattern == "*":
		return true
	case pattern[0] == '*':
		return len(name) > len(pattern)-1 && strings.HasSuffix(name, pattern[1:])
	}
	return pattern == name
}

// similar returns up to three patterns at most three edits away from name.
func similar(x *hostIndex, name string) []OtherHost {
	type near struct {
		pattern string
		edits   int
	}
	var found []near
	for h := range x.each {
		if len(h.pattern) > len(name)+3 || len(name) > len(h.pattern)+3 {
			continue
		}
		if n := edits(h.pattern, name); n <= 3 {
			found = append(found, near{h.pattern, n})
		}
	}
	slices.SortFunc(found, func(a, b near) int {
		return cmp.Or(cmp.Compare(a.edits, b.edits), cmp.Compare(a.pattern, b.pattern))
	})
	var hosts []OtherHost
	for _, n := range found[:min(len(found), 3)] {
		hosts = append(hosts, OtherHost{n.pattern, name + " is spelt differently"})
	}
	return hosts
}

// edits is the Levenshtein distance of two names.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
