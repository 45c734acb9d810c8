package session

import (
	"strconv"
	"strings"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// Cookie returns the Set-Cookie (RFC 6265 section 4.1) that gives a client a sealed
// Session of a Rule. A permanent one is kept for what is left of it.
func Cookie(rule *snapshot.Rule, s *Session, sealed []byte, secure bool, now time.Time) string {
	b := make([]byte, 0, 256)
	b = append(append(append(b, rule.Session.Name...), '='), sealed...)
	b = append(append(b, "; Path="...), path(rule.Matches)...)
	if rule.Session.Permanent {
		left := rule.Session.Absolute - since(s.Began, now)
		b = strconv.AppendInt(append(b, "; Max-Age="...), int64((left+time.Second-1)/time.Second), 10)
	}
	if secure {
		b = append(b, "; Secure"...)
	}
	return string(append(b, "; HttpOnly; SameSite=Lax"...))
}

// path is the prefix of all paths that the Rule serves, so that the cookie is sent
// with its requests and with no others where that can be told.
func path(matches []snapshot.Match) string {
	first := matches[0].Path
	for i := range matches {
		if matches[i].Path != first {
			return "/"
		}
	}
	if first.Type != snapshot.PathPrefix || strings.ContainsAny(first.Value, ";,") {
		return "/"
	}
	return first.Value
}
