package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// verify finds out whether the peer's certificate is signed by one of roots and
// holds one of names: DNS names and URIs.
func verify(s tls.ConnectionState, roots *x509.CertPool, names []string) error {
	if len(s.PeerCertificates) == 0 {
		return errors.New("the endpoint has shown no certificate")
	}
	leaf := s.PeerCertificates[0]
	others := x509.NewCertPool()
	for _, c := range s.PeerCertificates[1:] {
		others.AddCert(c)
	}
	if _, err := leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: others}); err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: s.PeerCertificates, Err: err}
	}
	if slices.ContainsFunc(names, func(name string) bool { return holds(leaf, name) }) {
		return nil
	}
	return fmt.Errorf("the endpoint's certificate holds none of the names %s", strings.Join(names, ", "))
}

func holds(leaf *x509.Certificate, name string) bool {
	if !strings.Contains(name, "://") {
		return leaf.VerifyHostname(name) == nil
	}
	for _, u := range leaf.URIs {
		if u.String() == name {
			return true
		}
	}
	return false
}
