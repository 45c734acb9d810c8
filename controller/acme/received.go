package acme

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"fairlead.dev/fairlead/controller/bundle"
)

// clockSkew is how far ahead of ours an authority's clock may be.
const clockSkew = 5 * time.Minute

// received returns the bundle of what was got, if it is what was ordered. A chain
// in another order is put in order, and the root is left out.
func received(chain []byte, key crypto.Signer, hosts []string, now time.Time) ([]byte, *x509.Certificate, error) {
	came, err := parseChain(chain)
	if err != nil {
		return nil, nil, err
	}
	i := slices.IndexFunc(came, func(c *x509.Certificate) bool { return sameKey(c.PublicKey, key) })
	if i < 0 {
		return nil, nil, errors.New("it is for another key than the one that was sent")
	}
	leaf := came[i]
	for _, host := range hosts {
		if !slices.Contains(leaf.DNSNames, host) {
			return nil, nil, fmt.Errorf("it is not for %s", host)
		}
	}
	switch {
	case now.Add(clockSkew).Before(leaf.NotBefore):
		return nil, nil, fmt.Errorf("it begins at %s, and the clock here says %s: set the clock", inUTC(leaf.NotBefore), inUTC(now))
	case !now.Before(leaf.NotAfter):
		return nil, nil, fmt.Errorf("it has ended at %s, and the clock here says %s: set the clock", inUTC(leaf.NotAfter), inUTC(now))
	}
	text, err := bundle.Encode(bundle.WithoutRoot(path(leaf, slices.Delete(came, i, i+1))), key)
	return text, leaf, err
}

// path leads from a leaf upwards through others, as far as it goes.
func path(leaf *x509.Certificate, others []*x509.Certificate) [][]byte {
	der := [][]byte{leaf.Raw}
	for at := leaf; ; {
		i := slices.IndexFunc(others, func(c *x509.Certificate) bool { return at.CheckSignatureFrom(c) == nil })
		if i < 0 {
			return der
		}
		at = others[i]
		der = append(der, at.Raw)
		others = slices.Delete(others, i, i+1)
	}
}

func parseChain(chain []byte) ([]*x509.Certificate, error) {
	var came []*x509.Certificate
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		came = append(came, c)
	}
	if len(came) == 0 {
		return nil, errors.New("there is no certificate in it")
	}
	return came, nil
}

func sameKey(public crypto.PublicKey, key crypto.Signer) bool {
	k, ok := public.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(key.Public())
}

func inUTC(t time.Time) string { return t.UTC().Format(time.RFC3339) }
