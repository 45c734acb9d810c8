package v1alpha1

import (
	"regexp"
	"strings"
)

// checkRules reports what is wrong in each Rule, and between them.
func (f *findings) checkRules(rules []Rule) {
	names := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		f.inRule(i, func(path string) {
			if r.Name != "" && names[r.Name] {
				f.invalid(path+".name", "%q is the name of an earlier rule: give each its own", r.Name)
			}
			names[r.Name] = true
			f.checkRule(path, r)
		})
	}
}

func (f *findings) checkRule(path string, r *Rule) {
	for i := range r.Matches {
		f.checkMatch(at(path+".matches", i), &r.Matches[i])
	}
	f.checkFilters(path+".filters", r.Filters)
	f.checkFilterPairs(path, r)
	f.checkPrefixRewrites(path, r)
	for i := range r.Backends {
		f.checkBackend(at(path+".backends", i), &r.Backends[i])
	}
	if r.SessionPersistence != nil {
		f.checkSession(path+".sessionPersistence", r)
	}
	if t := r.Timeouts; t != nil && t.Request != nil && t.BackendRequest != nil && *t.Request != 0 && *t.BackendRequest > *t.Request {
		f.invalid(path+".timeouts.backendRequest", "is %s, longer than request (%s) in which it must fit", t.BackendRequest, t.Request)
	}
}

func (f *findings) checkMatch(path string, m *Match) {
	if m.Path != nil {
		f.checkPathMatch(path+".path.value", m.Path)
	}
	f.checkValues(path+".headers", m.Headers, strings.ToLower)
	for i, h := range m.Headers {
		if h.Name != "" && !formats["headername"].ok(h.Name) {
			f.invalid(at(path+".headers", i)+".name", "%q %s", h.Name, formats["headername"].want)
		}
	}
	f.checkValues(path+".queryParams", m.QueryParams, func(s string) string { return s })
}

// checkValues finds bad expressions and names that stand there twice; fold
// makes equal names equal.
func (f *findings) checkValues(path string, values []ValueMatch, fold func(string) string) {
	seen := map[string]bool{}
	for i, v := range values {
		if v.Type == MatchRegularExpression {
			f.checkExpression(at(path, i)+".value", v.Value)
		}
		if seen[fold(v.Name)] {
			f.invalid(at(path, i)+".name", "%q stands there twice: all conditions of one match must hold at once", v.Name)
		}
		seen[fold(v.Name)] = true
	}
}

// pathFormat is what may stand in a path as a request carries it (RFC 3986 §3.3).
var pathFormat = regexp.MustCompile(`^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})+$`)

func (f *findings) checkPathMatch(path string, m *PathMatch) {
	if m.Type == MatchRegularExpression {
		f.checkExpression(path, m.Value)
		return
	}
	if m.Value != "" {
		f.checkPath(path, m.Value)
	}
}

// checkPath reports a path that no request that is as it should be could have.
func (f *findings) checkPath(path, value string) {
	segments := strings.Split(value, "/")
	switch {
	case !strings.HasPrefix(value, "/"):
		f.invalid(path, "is %q, must start with /", value)
	case strings.Contains(value, "//"):
		f.invalid(path, "is %q, may not contain //", value)
	case contains(segments, ".", ".."):
		f.invalid(path, "is %q, may not contain the segments . and ..", value)
	case strings.ContainsAny(value, "?#"):
		f.invalid(path, "is %q: a path ends before ? and #; use queryParams for the query", value)
	case strings.Contains(strings.ToLower(value), "%2f"):
		f.invalid(path, "is %q, may not contain an encoded slash (%%2F)", value)
	case !pathFormat.MatchString(value):
		f.invalid(path, "is %q: write other characters than letters, digits and -._~!$&'()*+,;=:@ as %%XX", value)
	}
}

// contains says whether any of words is in list.
func contains(list []string, words ...string) bool {
	for _, item := range list {
		for _, w := range words {
			if item == w {
				return true
			}
		}
	}
	return false
}
