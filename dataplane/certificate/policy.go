package certificate

import (
	"cmp"
	"crypto/tls"
	"errors"

	"fairlead.dev/fairlead/dataplane/routing"
)

// Policy is what the handshakes of one routing.Policy are made with.
type Policy struct {
	// Key is the routing.Policy's.
	Key     string
	entries []*Entry
	config  *tls.Config
	tickets tickets
}

// NewPolicy returns the Policy for p with the Entries of the Store, which have
// to be synced with the Snapshot of p. IDs that the Store does not have count as
// never loaded.
func (s *Store) NewPolicy(p *routing.Policy) *Policy {
	n := &Policy{Key: p.Key}
	for _, id := range p.Certificates {
		if e := s.Entry(id); e != nil {
			n.entries = append(n.entries, e)
		}
	}
	n.tickets.policy = n
	n.config = &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"h2", "http/1.1"},
		GetCertificate: n.choose,
		Time:           s.now,
		WrapSession:    n.tickets.wrap,
		UnwrapSession:  n.tickets.unwrap,
		// A body is cheaper in large records, and what is small is small anyway.
		DynamicRecordSizingDisabled: true,
	}
	if p.MinVersion == "1.3" {
		n.config.MinVersion = tls.VersionTLS13
	}
	return n
}

// Loaded says whether there is anything to make a handshake with.
func (p *Policy) Loaded() bool {
	for _, e := range p.entries {
		if e.Certificate() != nil {
			return true
		}
	}
	return false
}

// Config returns what handshakes are made with. It must not be changed, and is
// the same at each call: it holds the keys of the tickets of TLS 1.2.
func (p *Policy) Config() *tls.Config { return p.config }

var errNothingLoaded = errors.New("no certificate is loaded")

// choose returns the first certificate that suits the client in all, else the
// first whose kind of key suits it, else the first. Where there is one only,
// nothing is looked at: the handshake finds out by itself.
func (p *Policy) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	var first *tls.Certificate
	several := false
	for _, e := range p.entries {
		if cert := e.Certificate(); first == nil {
			first = cert
		} else if cert != nil {
			several = true
		}
	}
	switch {
	case first == nil:
		return nil, errNothingLoaded
	case !several:
		return first, nil
	}
	if cert := p.suits(hello); cert != nil {
		return cert, nil
	}
	anyName := *hello
	anyName.ServerName = ""
	return cmp.Or(p.suits(&anyName), first), nil
}

// suits returns the first certificate that suits the client, or nil.
func (p *Policy) suits(hello *tls.ClientHelloInfo) *tls.Certificate {
	for _, e := range p.entries {
		if cert := e.Certificate(); cert != nil && hello.SupportsCertificate(cert) == nil {
			return cert
		}
	}
	return nil
}
