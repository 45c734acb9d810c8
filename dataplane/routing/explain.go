package routing

import (
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// Explanation is a Result with its reasons, as plain data.
type Explanation struct {
	// Listener is "http" or "https".
	Listener string `json:"listener"`
	// Host is the host as it was looked up.
	Host string `json:"host"`
	// Outcome is that of the request; on the TLS Listener "Passthrough" or
	// "UnknownName" where there is none, since TLS is not terminated.
	Outcome string `json:"outcome"`
	// Pattern is the host pattern that covers the host, "" if none does.
	Pattern string `json:"pattern,omitempty"`
	// Route, Rule and Match name the winner; Match counts from 0.
	Route string `json:"route,omitempty"`
	Rule  string `json:"rule,omitempty"`
	Match int    `json:"match"`
	// TLS is what becomes of the handshake, on the TLS Listener.
	TLS *TLSExplanation `json:"tls,omitempty"`
	// Considered are the Matches of the pattern, in the order in which they are asked.
	Considered []Considered `json:"considered,omitempty"`
	// Hosts are other host patterns that one might have expected here.
	Hosts []OtherHost `json:"hosts,omitempty"`
}

// TLSExplanation says what becomes of a handshake.
type TLSExplanation struct {
	SNI     string `json:"sni"`
	Outcome string `json:"outcome"`
	Pattern string `json:"pattern,omitempty"`
	// Route gets the bytes, where the Outcome is Passthrough.
	Route        string   `json:"route,omitempty"`
	MinVersion   string   `json:"minVersion,omitempty"`
	MaxVersion   string   `json:"maxVersion,omitempty"`
	Certificates []string `json:"certificates,omitempty"`
}

// Considered is one Match that was looked at.
type Considered struct {
	Route string `json:"route"`
	Rule  string `json:"rule"`
	Match int    `json:"match"`
	// Condition is the Match in words: "GET PathPrefix /api, header X-Env=prod".
	Condition string `json:"condition"`
	Won       bool   `json:"won,omitempty"`
	// Refused says why it did not win, "" for the winner.
	Refused string `json:"refused,omitempty"`
}

// OtherHost is a host pattern that was not used, and why.
type OtherHost struct {
	Pattern string `json:"pattern"`
	Refused string `json:"refused"`
}

// Explain says what Match says, and why. It is for people: slow and complete.
func (t *Table) Explain(l Listener, r Request) Explanation {
	if r.Path == "" {
		r.Path = "/"
	}
	if p := t.TLS(r.SNI).Policy; p != nil {
		r.Clients = p.Clients
	}
	res := t.Match(l, r)
	e := Explanation{Listener: l.String(), Host: Hostname(r.Host), Outcome: res.Outcome.String(), Pattern: res.Pattern}
	x := &t.plain
	if l == TLS {
		x = &t.tls
		e.TLS = t.explainTLS(r.SNI)
		if e.TLS.Outcome != Terminate.String() {
			e.Outcome, e.Pattern, e.Route = e.TLS.Outcome, e.TLS.Pattern, e.TLS.Route
			e.Hosts = t.otherHosts(l, e.TLS.SNI, e.Pattern)
			return e
		}
	}
	if h := x.lookup(e.Host); h != nil && res.Outcome != Misdirected {
		e.consider(h, &r, res)
	}
	e.Hosts = t.otherHosts(l, e.Host, e.Pattern)
	return e
}

func (t *Table) explainTLS(sni string) *TLSExplanation {
	res := t.TLS(sni)
	e := &TLSExplanation{SNI: Hostname(sni), Outcome: res.Outcome.String(), Pattern: res.Pattern}
	if res.Rule != nil {
		e.Route = res.Rule.Route.Key
	}
	if res.Policy != nil {
		e.MinVersion, e.MaxVersion, e.Certificates = res.Policy.MinVersion, res.Policy.Accepts.MaxVersion, res.Policy.Certificates
	}
	return e
}

// consider fills in all Matches of h and the winner among them.
func (e *Explanation) consider(h *host, r *Request, res Result) {
	for _, m := range []*matches{&h.open, &h.terminated} {
		for _, c := range m.inOrder() {
			won := res.Rule != nil && c.rule == res.Rule && c.match == res.Match
			if won {
				e.Route, e.Rule, e.Match = c.rule.Route.Key, c.rule.Spec.Name, int(c.index)
			}
			e.Considered = append(e.Considered, Considered{
				Route: c.rule.Route.Key, Rule: c.rule.Spec.Name, Match: int(c.index),
				Condition: describe(c.match), Won: won, Refused: e.reason(c, r, won),
			})
		}
	}
}

func (e *Explanation) reason(c *candidate, r *Request, won bool) string {
	switch f := c.refusal(r); {
	case won:
		return ""
	case f.what != nothing:
		return c.words(f, r)
	default:
		return fmt.Sprintf("it matches too, but rule %s of route %s comes first", e.Rule, e.Route)
	}
}

// inOrder returns the candidates by precedence, which is not how indexed ones stand.
func (m *matches) inOrder() []*candidate {
	if m.list == nil {
		return nil
	}
	all := make([]*candidate, len(m.list.sorted))
	for i := range m.list.sorted {
		all[i] = &m.list.sorted[i]
	}
	slices.SortStableFunc(all, compare)
	return all
}

// words says what a refusal means.
func (c *candidate) words(f refusal, r *Request) string {
	switch f.what {
	case path:
		return c.pathWords(r.Path)
	case method:
		return fmt.Sprintf("method %s is not %s", r.Method, c.match.Method)
	}
	v := condition(c.match, f.at)
	switch f.what {
	case headerAbsent:
		return fmt.Sprintf("header %s is absent", v.Name)
	case queryAbsent:
		return fmt.Sprintf("query parameter %s is absent", v.Name)
	}
	kind, got := "header", ""
	if f.what == headerValue {
		got, _ = r.header(v.Name)
	} else {
		kind = "query parameter"
		got, _ = QueryValue(r.RawQuery, v.Name)
	}
	if v.Type == snapshot.RegularExpression {
		return fmt.Sprintf("%s %s is %q, which does not match %s", kind, v.Name, got, v.Value)
	}
	return fmt.Sprintf("%s %s is %q, not %q", kind, v.Name, got, v.Value)
}

func (c *candidate) pathWords(path string) string {
	switch c.class {
	case classExact:
		return fmt.Sprintf("path %s is not %s", path, c.match.Path.Value)
	case classRegex:
		return fmt.Sprintf("path %s does not match %s", path, c.match.Path.Value)
	}
	return fmt.Sprintf("path %s is not under prefix %s", path, c.match.Path.Value)
}

// describe puts a Match in words.
func describe(m *snapshot.Match) string {
	var b strings.Builder
	if m.Method != "" {
		b.WriteString(m.Method + " ")
	}
	b.WriteString(string(m.Path.Type) + " " + m.Path.Value)
	for i := range len(m.Headers) + len(m.Query) {
		kind := "header"
		if i >= len(m.Headers) {
			kind = "query"
		}
		v, sign := condition(m, i), "="
		if v.Type == snapshot.RegularExpression {
			sign = "~"
		}
		fmt.Fprintf(&b, ", %s %s%s%s", kind, v.Name, sign, v.Value)
	}
	return b.String()
}
