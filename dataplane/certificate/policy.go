package certificate

import (
	"cmp"
	"crypto/tls"
	"errors"
	"slices"
	"sync/atomic"
	"time"

	"fairlead.dev/fairlead/dataplane/routing"
)

// Policy is what the handshakes of one routing.Policy are made with.
type Policy struct {
	// Key and Clients are the routing.Policy's.
	Key     string
	Clients string
	entries []*Entry
	earlier []*Entry
	config  *tls.Config
	// demands are whom clients have to be; asks is made once that can be found out.
	demands []demand
	asks    atomic.Pointer[tls.Config]
	tickets tickets
	now     func() time.Time
}

// NewPolicy returns the Policy for p with the Entries of the Store, which have
// to be synced with the Snapshot of p. IDs that the Store does not have count as
// never loaded.
func (s *Store) NewPolicy(p *routing.Policy) *Policy {
	n := &Policy{
		Key: p.Key, Clients: p.Clients, now: s.now,
		entries: s.those(p.Certificates), earlier: s.those(p.Earlier), demands: s.demands(p.ClientAuth),
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
	accept(n.config, &p.Accepts)
	return n
}

func (s *Store) those(ids []string) []*Entry {
	var entries []*Entry
	for _, id := range ids {
		if e := s.Entry(id); e != nil {
			entries = append(entries, e)
		}
	}
	return entries
}

// Loaded says whether there is anything to make a handshake with.
func (p *Policy) Loaded() bool {
	return slices.ContainsFunc(p.entries, isLoaded) || slices.ContainsFunc(p.earlier, isLoaded)
}

func isLoaded(e *Entry) bool { return e.Certificate() != nil }

// Serves says whether a client that asks for a host would be shown a certificate
// that is for it, now. host is "" for any.
func (p *Policy) Serves(host string) bool {
	now := p.now()
	good := func(e *Entry) bool { return isGood(e.Certificate(), host, now) }
	return slices.ContainsFunc(p.entries, good) || slices.ContainsFunc(p.earlier, good)
}

// isGood says whether a certificate is loaded, in its time, and for the host. One
// without alternative names says of no host that it is not for it: clients that
// take such a one do not look at names.
func isGood(cert *tls.Certificate, host string, now time.Time) bool {
	if cert == nil || now.Before(cert.Leaf.NotBefore) || !now.Before(cert.Leaf.NotAfter) {
		return false
	}
	return host == "" || len(cert.Leaf.DNSNames)+len(cert.Leaf.IPAddresses) == 0 || cert.Leaf.VerifyHostname(host) == nil
}

// Config returns what handshakes are made with now. It must not be changed.
func (p *Policy) Config() *tls.Config {
	if len(p.demands) > 0 {
		return p.asking()
	}
	return p.config
}

var errNothingLoaded = errors.New("no certificate is loaded")

// choose returns the first certificate that suits the client in all, of those
// that are good, else of the earlier ones that are good. Where none is, a bad one
// is better than none: people see what is wrong. Where there is one only, nothing
// is looked at: the handshake finds out by itself.
func (p *Policy) choose(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if len(p.earlier) == 0 {
		if cert, only := theOnly(p.entries); only {
			return cert, nil
		}
	}
	now := p.now()
	for _, entries := range [][]*Entry{p.entries, p.earlier} {
		if cert := best(entries, hello, func(c *tls.Certificate) bool { return isGood(c, hello.ServerName, now) }); cert != nil {
			return cert, nil
		}
	}
	for _, entries := range [][]*Entry{p.entries, p.earlier} {
		if cert := best(entries, hello, func(c *tls.Certificate) bool { return c != nil }); cert != nil {
			return cert, nil
		}
	}
	return nil, errNothingLoaded
}

// theOnly returns the certificate of the only Entry that is loaded.
func theOnly(entries []*Entry) (cert *tls.Certificate, only bool) {
	for _, e := range entries {
		switch c := e.Certificate(); {
		case c != nil && cert != nil:
			return nil, false
		case c != nil:
			cert = c
		}
	}
	return cert, cert != nil
}

// best returns the first certificate that may be taken and suits the client in
// all, else the first whose kind of key suits it, else the first that may be
// taken.
func best(entries []*Entry, hello *tls.ClientHelloInfo, may func(*tls.Certificate) bool) *tls.Certificate {
	var first *tls.Certificate
	several := false
	for _, e := range entries {
		if cert := e.Certificate(); may(cert) {
			several = several || first != nil
			first = cmp.Or(first, cert)
		}
	}
	if !several {
		return first
	}
	anyName := *hello
	anyName.ServerName = ""
	return cmp.Or(suits(entries, hello, may), suits(entries, &anyName, may), first)
}

// suits returns the first certificate that may be taken and suits the client.
func suits(entries []*Entry, hello *tls.ClientHelloInfo, may func(*tls.Certificate) bool) *tls.Certificate {
	for _, e := range entries {
		if cert := e.Certificate(); may(cert) && hello.SupportsCertificate(cert) == nil {
			return cert
		}
	}
	return nil
}
