package routing

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// Listener says which index a request is looked up in.
type Listener int

// The Listeners.
const (
	// Plain is HTTP in the clear.
	Plain Listener = iota
	// TLS is HTTP over TLS that the data plane terminates.
	TLS
)

// String returns "http" or "https", as logs name the Listener.
func (l Listener) String() string {
	if l == TLS {
		return "https"
	}
	return "http"
}

// Request is what a decision is made from.
type Request struct {
	// Host is the Host header or :authority, with or without a port.
	Host   string
	Method string
	// Path is the path as on the wire, with escapes and without the query. ""
	// counts as "/".
	Path string
	// RawQuery is the query as on the wire, without "?".
	RawQuery string
	// Headers may be nil.
	Headers Headers
	// SNI is the server name of the connection, on the TLS Listener.
	SNI string
	// Clients is the Policy's that the connection was made with: whose certificates
	// were asked for.
	Clients string
}

// Headers are the header fields of a request. http.Header is one.
type Headers interface {
	// Values returns all values of the field. name is in canonical form.
	Values(name string) []string
}

// Outcome is what is to become of a request.
type Outcome int

// The Outcomes.
const (
	// NotFound: no host pattern covers the host, or none of its Rules matches.
	NotFound Outcome = iota
	// Found: Result.Rule serves the request.
	Found
	// RedirectToHTTPS: the host is served over TLS only.
	RedirectToHTTPS
	// Misdirected: the host has another TLS Policy than the connection.
	Misdirected
	// Unavailable: no host pattern covers the host, and all Routes were made of
	// labels: Interlock, whose labels they are, said 503 then.
	Unavailable
)

var outcomeNames = [...]string{"NotFound", "Found", "RedirectToHTTPS", "Misdirected", "Unavailable"}

// String returns the Outcome's name.
func (o Outcome) String() string { return outcomeNames[o] }

// Result is the decision on a request.
type Result struct {
	Outcome Outcome
	// Pattern is the host pattern that covers the host; "" if none does.
	Pattern string
	// Rule and Match are set where the Outcome is Found, and where a Rule that
	// is not served in the clear made it RedirectToHTTPS.
	Rule  *Rule
	Match *snapshot.Match
}

// Rule is one Rule of a Table. It is a line of cache: a request that finds its
// Rule plain needs to look at neither Route nor Spec.
type Rule struct {
	Route *snapshot.Route
	Spec  *snapshot.Rule
	// Key is the Route's, Name the Rule's.
	Key, Name string
	// Index is another one for each Rule of a Table, and the same in the next Table
	// that has the Rule, so that a caller can keep what belongs to each in a list.
	// See Table.Size.
	Index int32
	// Plain: nothing is asked for but Backends, each in its turn.
	Plain  bool
	access *Access
}

// newRule is the Rule of the given place in its Route.
func newRule(r *snapshot.Route, place, index int) Rule {
	spec := &r.Rules[place]
	return Rule{Route: r, Spec: spec, Key: r.Key, Name: spec.Name, Index: int32(index), Plain: isPlain(r, spec)}
}

// isPlain says whether r and spec are what they are with matches and Backends
// alone. A test sets each field of both and expects it to be thought of here.
func isPlain(r *snapshot.Route, spec *snapshot.Rule) bool {
	if r.LoadBalancing != "" && r.LoadBalancing != "RoundRobin" || r.Hash != nil || r.InfoHeaders || r.Access != nil || r.HSTS != "" {
		return false
	}
	if len(spec.Filters)+len(spec.Mirrors) > 0 || spec.Request > 0 || spec.BackendRequest > 0 || spec.Retry != nil || spec.Session != nil {
		return false
	}
	return !slices.ContainsFunc(spec.Backends, func(b snapshot.BackendRef) bool { return len(b.Filters)+len(b.Mirrors) > 0 })
}

// longestName is the length of the longest DNS name. No host pattern is longer,
// so longer hosts are not searched for label by label.
const longestName = 253

// Hostname returns the host of a Host header in the form in which it is looked
// up: without port, brackets and trailing dot, in lower case. It returns "",
// which only "*" covers, for what is longer than a DNS name can be.
func Hostname(host string) string {
	if strings.HasPrefix(host, "[") {
		inside, _, _ := strings.Cut(host[1:], "]")
		host = inside
	} else if i := strings.LastIndexByte(host, ':'); i >= 0 && strings.IndexByte(host, ':') == i {
		host = host[:i]
	}
	host = strings.TrimSuffix(host, ".")
	if len(host) > longestName {
		return ""
	}
	return strings.ToLower(host)
}

// QueryValue returns the first value of a query parameter.
func QueryValue(rawQuery, name string) (string, bool) {
	for rawQuery != "" {
		var pair string
		pair, rawQuery, _ = strings.Cut(rawQuery, "&")
		key, value, _ := strings.Cut(pair, "=")
		if k, ok := unescape(key); !ok || k != name || pair == "" {
			continue
		}
		if v, ok := unescape(value); ok {
			return v, true
		}
	}
	return "", false
}

// unescape decodes "+" and %XX. It reports false for a broken escape.
func unescape(s string) (string, bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, true
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+':
			b = append(b, ' ')
		case c != '%':
			b = append(b, c)
		case i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			b = append(b, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			return "", false
		}
	}
	return string(b), true
}

// hex returns the value of a hexadecimal digit, or -1.
func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
