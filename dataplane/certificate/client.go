package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
)

// demand is what a client has to meet: one snapshot.ClientAuth.
type demand struct {
	required    bool
	authorities []*Entry
	revocations []*Entry
	// What ready makes, once all Entries are loaded.
	roots   *x509.CertPool
	revoked []map[revocation]bool
}

// ErrClient is in the error of a handshake that the client failed by its
// certificate, or by having none.
var ErrClient = errors.New("the client's certificate is not accepted")

var (
	errNoAuthorities = clientError{"what clients are verified with is not loaded"}
	errRevoked       = clientError{"the client's certificate, or one of its authorities, is revoked"}
	errNoChain       = clientError{"the client's certificate does not meet what each of the routes of the host asks for"}
)

// clientError is an ErrClient that says more.
type clientError struct{ why string }

func (e clientError) Error() string        { return e.why }
func (e clientError) Is(target error) bool { return target == ErrClient }

// IsClients says whether a handshake failed by the client's certificate.
func IsClients(err error) bool {
	var unverified *tls.CertificateVerificationError
	return errors.Is(err, ErrClient) || errors.As(err, &unverified) || err != nil && err.Error() == "tls: client didn't provide a certificate"
}

func (s *Store) demands(all []*snapshot.ClientAuth) []demand {
	demands := make([]demand, len(all))
	for i, a := range all {
		demands[i].required = a.Required
		for _, id := range a.Authorities {
			demands[i].authorities = append(demands[i].authorities, s.entry(id))
		}
		for _, id := range a.Revocations {
			demands[i].revocations = append(demands[i].revocations, s.entry(id))
		}
	}
	return demands
}

// asking returns what handshakes are made with where clients are verified. As long
// as that cannot be done nobody gets in who would have to be.
func (p *Policy) asking() *tls.Config {
	if c := p.asks.Load(); c != nil {
		return c
	}
	demands := make([]demand, len(p.demands))
	for i := range p.demands {
		d, ok := p.demands[i].ready()
		if !ok {
			return p.closed()
		}
		demands[i] = d
	}
	p.asks.Store(p.open(demands))
	return p.asks.Load()
}

func (p *Policy) requires() bool {
	return slices.ContainsFunc(p.demands, func(d demand) bool { return d.required })
}

// closed lets in who need not show a certificate and does not.
func (p *Policy) closed() *tls.Config {
	c := p.config.Clone()
	if p.requires() {
		c.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errNoAuthorities }
		return c
	}
	c.ClientAuth = tls.RequestClientCert
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) > 0 {
			return errNoAuthorities
		}
		return nil
	}
	return c
}

// open asks for certificates of all the authorities, of whom clients are told.
// crypto/tls finds out whether there is a chain to one of them, and does so for a
// session that is resumed as well.
func (p *Policy) open(demands []demand) *tls.Config {
	c := p.config.Clone()
	c.ClientAuth, c.ClientCAs = tls.VerifyClientCertIfGiven, x509.NewCertPool()
	if p.requires() {
		c.ClientAuth = tls.RequireAndVerifyClientCert
	}
	for i := range demands {
		for _, e := range demands[i].authorities {
			for _, a := range e.state.Load().authorities {
				c.ClientCAs.AddCert(a)
			}
		}
	}
	c.VerifyConnection = func(s tls.ConnectionState) error {
		for i := range demands {
			if err := demands[i].verify(&s, len(demands) == 1, p); err != nil {
				return err
			}
		}
		return nil
	}
	return c
}

// ready returns d with what its Entries hold, if all are loaded.
func (d *demand) ready() (demand, bool) {
	out := *d
	out.roots = x509.NewCertPool()
	for _, e := range d.authorities {
		st := e.state.Load()
		if len(st.authorities) == 0 {
			return out, false
		}
		for _, a := range st.authorities {
			out.roots.AddCert(a)
		}
	}
	for _, e := range d.revocations {
		st := e.state.Load()
		if st.revoked == nil {
			return out, false
		}
		out.revoked = append(out.revoked, st.revoked)
	}
	return out, true
}

// verify finds out whether a client that has shown a certificate meets d. Where d
// is the only demand the chains are known already.
func (d *demand) verify(s *tls.ConnectionState, only bool, p *Policy) error {
	if len(s.PeerCertificates) == 0 {
		return nil // crypto/tls has looked whether that may be
	}
	chains := s.VerifiedChains
	if !only {
		options := x509.VerifyOptions{Roots: d.roots, Intermediates: x509.NewCertPool(), CurrentTime: p.now(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		for _, c := range s.PeerCertificates[1:] {
			options.Intermediates.AddCert(c)
		}
		var err error
		if chains, err = s.PeerCertificates[0].Verify(options); err != nil {
			return errNoChain
		}
	}
	if slices.ContainsFunc(chains, d.stands) {
		return nil
	}
	return errRevoked
}

// stands says whether nothing in a chain is revoked.
func (d *demand) stands(chain []*x509.Certificate) bool {
	return len(chain) > 0 && !slices.ContainsFunc(chain, func(c *x509.Certificate) bool {
		return slices.ContainsFunc(d.revoked, func(list map[revocation]bool) bool { return list[revocationOf(c)] })
	})
}
