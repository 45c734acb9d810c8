package routing

import (
	"slices"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
)

// Policy is what a TLS handshake needs for a host pattern. Patterns with equal
// Certificates, Earlier, MinVersion, Accepts and ClientAuth share one Policy in a Table, so
// pointers compare; across Tables Key does.
type Policy struct {
	// Key is equal for equal Policies.
	Key string
	// Certificates are IDs, sorted, each once.
	Certificates []string
	// Earlier are IDs of those that serve while none of Certificates can, in order.
	Earlier []string
	// MinVersion is "1.2" or "1.3": the highest that a Route of the pattern asks for.
	MinVersion string
	// Accepts is what all Routes of the pattern accept. Where that is nothing, the
	// newer version counts, and the lists of the Route that comes first.
	Accepts snapshot.Accepts
	// ClientAuth are those of the Routes of the pattern, each once: a client has to
	// meet all, since what a request is for is not known before the handshake.
	ClientAuth []*snapshot.ClientAuth
	// Clients is equal where ClientAuth is; "" where there is none.
	Clients string
	// Index counts the Policies of the Table from 0.
	Index int
}

// TLSOutcome is what is to become of a TLS connection.
type TLSOutcome int

// The TLSOutcomes.
const (
	// UnknownName: nobody serves the name; the alert unrecognized_name is due.
	UnknownName TLSOutcome = iota
	// Terminate: the handshake is made under TLSResult.Policy.
	Terminate
	// Passthrough: the bytes go to a Backend of TLSResult.Rule.
	Passthrough
)

var tlsOutcomeNames = [...]string{"UnknownName", "Terminate", "Passthrough"}

// String returns the TLSOutcome's name.
func (o TLSOutcome) String() string { return tlsOutcomeNames[o] }

// TLSResult is the decision on a TLS connection.
type TLSResult struct {
	Outcome TLSOutcome
	// Pattern is the host pattern that covers the name; "" if none does.
	Pattern string
	Policy  *Policy
	Rule    *Rule
}

// TLS decides what becomes of a connection by the server name in its
// ClientHello, "" where there is none. Only "*" covers no name.
func (t *Table) TLS(sni string) TLSResult {
	h := t.tls.lookup(Hostname(sni))
	switch {
	case h == nil:
		return TLSResult{}
	case h.passthrough != nil:
		return TLSResult{Outcome: Passthrough, Pattern: h.pattern, Rule: h.passthrough}
	}
	return TLSResult{Outcome: Terminate, Pattern: h.pattern, Policy: h.policy}
}

// EachPolicy calls f for every host pattern that terminates TLS, in no order.
func (t *Table) EachPolicy(f func(pattern string, p *Policy)) {
	for h := range t.tls.each {
		if h.policy != nil {
			f(h.pattern, h.policy)
		}
	}
}

// add makes p cover one more Route. Certificates are not sorted yet.
func (p *Policy) add(r *snapshot.Route) {
	if p.MinVersion == "" {
		p.Certificates, p.Earlier, p.MinVersion = slices.Clip(r.Certificates), slices.Clip(r.Earlier), "1.2"
		if r.Accepts != nil {
			p.Accepts = *r.Accepts
		}
	} else {
		p.narrow(r.Accepts)
		p.Certificates = append(p.Certificates, r.Certificates...)
		p.Earlier = append(p.Earlier, r.Earlier...)
	}
	if r.MinVersion > p.MinVersion {
		p.MinVersion = r.MinVersion
	}
	if r.ClientAuth != nil {
		p.ClientAuth = append(p.ClientAuth, r.ClientAuth)
	}
}

// intermediate are the cipher suites of TLS 1.2 with forward secrecy and authenticated
// encryption, sorted.
var intermediate = []string{
	"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
	"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
}

// narrow makes p accept nothing that a does not.
func (p *Policy) narrow(a *snapshot.Accepts) {
	if a == nil {
		a = &snapshot.Accepts{}
	}
	has := &p.Accepts
	if has.MaxVersion == "" || a.MaxVersion != "" && a.MaxVersion < has.MaxVersion {
		has.MaxVersion = a.MaxVersion
	}
	if len(has.CipherSuites)+len(a.CipherSuites) > 0 {
		has.CipherSuites = common(orElse(has.CipherSuites, intermediate), orElse(a.CipherSuites, intermediate))
	}
	has.Curves = common(orElse(has.Curves, a.Curves), orElse(a.Curves, has.Curves))
}

// common are those of a that are in b too, or a if there are none.
func common(a, b []string) []string {
	both := slices.DeleteFunc(slices.Clone(a), func(s string) bool { return !slices.Contains(b, s) })
	return orElse(both, a)
}

func orElse(a, b []string) []string {
	if len(a) == 0 {
		return b
	}
	return a
}

// sealAccepts fills in what crypto/tls would take otherwise, and returns the part
// of the Key.
func (p *Policy) sealAccepts() string {
	a := &p.Accepts
	if a.MaxVersion != "" && a.MaxVersion < p.MinVersion {
		a.MaxVersion = p.MinVersion
	}
	a.CipherSuites = orElse(a.CipherSuites, intermediate)
	if a.MaxVersion == "" && len(a.Curves) == 0 && slices.Equal(a.CipherSuites, intermediate) {
		return ""
	}
	return " to " + a.MaxVersion + " with " + strings.Join(a.CipherSuites, ",") + " on " + strings.Join(a.Curves, ",")
}

// seal sorts the Certificates and sets the Key.
func (p *Policy) seal() {
	if len(p.Certificates) > 1 {
		p.Certificates = slices.Compact(slices.Sorted(slices.Values(p.Certificates)))
	}
	p.Key = p.MinVersion + " " + strings.Join(p.Certificates, " ")
	if len(p.Earlier) > 0 {
		p.Key += " before " + strings.Join(p.Earlier, " ")
	}
	p.Key += p.sealAccepts()
	if len(p.ClientAuth) > 0 {
		p.sealClients()
		p.Key += " for " + p.Clients
	}
}

// sealClients sorts ClientAuth and sets Clients.
func (p *Policy) sealClients() {
	slices.SortStableFunc(p.ClientAuth, func(a, b *snapshot.ClientAuth) int { return strings.Compare(clientsOf(a), clientsOf(b)) })
	p.ClientAuth = slices.CompactFunc(p.ClientAuth, func(a, b *snapshot.ClientAuth) bool { return clientsOf(a) == clientsOf(b) })
	all := make([]string, len(p.ClientAuth))
	for i, a := range p.ClientAuth {
		all[i] = clientsOf(a)
	}
	p.Clients = strings.Join(all, " and ")
}

// clientsOf is equal for equal values only.
func clientsOf(a *snapshot.ClientAuth) string {
	mode := "some of "
	if a.Required {
		mode = "all of "
	}
	return mode + strings.Join(a.Authorities, ",") + " but " + strings.Join(a.Revocations, ",")
}
