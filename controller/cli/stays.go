package cli

import (
	"fmt"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/api/v1alpha1"
)

// stays says which requests go to one Endpoint, and for how long; none where
// each goes its own way.
func stays(route *snapshot.Route, rule *snapshot.Rule) []string {
	var words []string
	if h := route.Hash; h != nil {
		words = append(words, "one Endpoint for one "+keyWords(h))
	}
	if s := rule.Session; s != nil {
		words = append(words, sessionWords(s))
	}
	return words
}

func keyWords(h *snapshot.HashKey) string {
	switch {
	case h.ClientIP:
		return "client address"
	case h.Cookie != "":
		return "cookie " + h.Cookie
	case h.Query != "":
		return "query parameter " + h.Query
	}
	return "header " + h.Header
}

func sessionWords(s *snapshot.Session) string {
	words := []string{"session in cookie " + s.Name}
	if s.Header {
		words[0] = "session in header " + s.Name
	}
	if s.Absolute > 0 {
		words = append(words, fmt.Sprintf("for %s at most", v1alpha1.Duration(s.Absolute)))
	}
	if s.Idle > 0 {
		words = append(words, fmt.Sprintf("until idle for %s", v1alpha1.Duration(s.Idle)))
	}
	return strings.Join(words, ", ")
}

// checkWords say when an Endpoint of b is out; "" where it has no health check.
func checkWords(b *snapshot.Backend) string {
	c := b.Check
	switch {
	case c == nil:
		return ""
	case c.MaxFails == 0:
		return "never out"
	case c.Type == "":
		return fmt.Sprintf("out after %d failures in %s", c.MaxFails, v1alpha1.Duration(c.FailTimeout))
	}
	return fmt.Sprintf("out after %d failures in %s, or %d failed checks: %s every %s",
		c.MaxFails, v1alpha1.Duration(c.FailTimeout), c.MaxFails, strings.TrimSpace(string(c.Type)+" "+c.Path), v1alpha1.Duration(c.Interval))
}
