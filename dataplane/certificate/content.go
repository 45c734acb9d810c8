package certificate

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// content is what the bytes of a Certificate's secrets are: a certificate with
// its key, authorities, those of the system, or what was revoked.
type content struct {
	cert        *tls.Certificate
	authorities []*x509.Certificate
	system      *x509.CertPool
	revoked     map[revocation]bool
	nextUpdate  time.Time // of revoked; zero if it does not say
}

// parse makes content of the secrets of an Entry, or says what is wrong with them.
// In place of a key stand the signers of a revocation list.
func (e *Entry) parse(chain, key []byte) (content, error) {
	var c content
	var err error
	switch {
	case e.spec.CertSecret == "":
		c.system, err = systemAuthorities()
	case len(e.spec.Signers) > 0:
		c.revoked, c.nextUpdate, err = parseRevocations(chain, key)
	case e.spec.KeySecret == "":
		c.authorities, err = parseAuthorities(chain)
	default:
		c.cert, err = ParsePair(chain, key)
	}
	return c, err
}

// notAfter is the end of the certificate, or of the authority that ends last, or the
// next update of the list.
func (c *content) notAfter() (last time.Time) {
	if c.cert != nil {
		return c.cert.Leaf.NotAfter
	}
	last = c.nextUpdate
	for _, a := range c.authorities {
		if a.NotAfter.After(last) {
			last = a.NotAfter
		}
	}
	return last
}

// ParsePair makes a certificate of a chain and its key in PEM, which may stand in
// one text, or says which of them is wrong. A chain in another order than RFC 8446
// section 4.4.2 wants is put in order.
func ParsePair(chain, key []byte) (*tls.Certificate, error) {
	cert, err := tls.X509KeyPair(chain, key)
	if err == nil {
		cert.Certificate = inOrder(cert.Leaf, cert.Certificate)
		return &cert, nil
	}
	if mended := leafFirst(chain, key); mended != nil {
		return mended, nil
	}
	what := strings.TrimPrefix(err.Error(), "tls: ")
	if strings.Contains(what, "does not match") {
		return nil, errors.New("the key does not fit the certificate: " + what)
	}
	return nil, errors.New(what)
}

func parseAuthorities(bundle []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for {
		block, rest := pem.Decode(bundle)
		switch {
		case block == nil && len(all) == 0:
			return nil, errors.New("there is no certificate of an authority in it, in PEM")
		case block == nil:
			return all, nil
		case block.Type == "CERTIFICATE":
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, fmt.Errorf("certificate %d in it: %w", len(all)+1, err)
			}
			all = append(all, c)
		}
		bundle = rest
	}
}

// systemAuthorities are those that the system trusts. An image that is nothing but
// one binary has none.
func systemAuthorities() (*x509.CertPool, error) {
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, err
	}
	if pool.Equal(x509.NewCertPool()) {
		return nil, errors.New("the system that the data plane runs on has none: name caSecretRefs, or mount a bundle at /etc/ssl/certs/ca-certificates.crt")
	}
	return pool, nil
}
