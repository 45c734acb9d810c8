// Package issue makes certificates: with a new key each time, signed by
// themselves or by an authority. When one is made is package plan's decision, and
// where it goes a secret's matter; here it is only made, and checked.
package issue

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"time"

	"fairlead.dev/fairlead/controller/bundle"
	"fairlead.dev/fairlead/reconcile/plan"
)

// Authority is what signs: a certificate with those above it, and its key, in PEM.
type Authority struct{ Chain, Key []byte }

// Make makes the certificate that w asks for and returns its bundle, as package
// bundle has it, and what it became: the authority may end before w does. A nil
// Authority signs with the certificate's own key.
func Make(w *plan.NewCertificate, by *Authority) (text []byte, made plan.Issued, err error) {
	made = w.Issued
	key, err := bundle.NewKey(w.Algorithm)
	if err != nil {
		return nil, made, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127)) // RFC 5280 section 4.1.2.2
	if err != nil {
		return nil, made, err
	}
	leaf := &x509.Certificate{
		SerialNumber: serial, DNSNames: w.Names, Subject: pkix.Name{CommonName: commonName(w.Names)},
		NotBefore: made.Begins, NotAfter: made.Ends, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	signer := authority{leaf: leaf, key: key}
	if by != nil {
		if signer, err = readAuthority(by); err != nil {
			return nil, made, err
		}
		if signer.leaf.NotAfter.Before(made.Ends) {
			made.Ends = signer.leaf.NotAfter
			leaf.NotAfter = made.Ends
		}
		if !made.Begins.Before(made.Ends) {
			return nil, made, fmt.Errorf("the authority %s has ended at %s: give the issuer another one", signer.leaf.Subject, made.Ends.UTC().Format(time.RFC3339))
		}
	}
	der, err := x509.CreateCertificate(rand.Reader, leaf, signer.leaf, key.Public(), signer.key)
	if err != nil {
		return nil, made, err
	}
	text, err = bundle.Encode(append([][]byte{der}, signer.chain...), key)
	return text, made, err
}

// longestCommonName is X.520's upper bound of a common name.
const longestCommonName = 64

// commonName is the first name that fits, for people who look at it; programs go
// by the alternative names.
func commonName(names []string) string {
	for _, n := range names {
		if len(n) <= longestCommonName {
			return n
		}
	}
	return ""
}

// authority is an Authority that was read.
type authority struct {
	leaf  *x509.Certificate
	key   crypto.Signer
	chain [][]byte // what clients get behind the certificate
}

func readAuthority(a *Authority) (authority, error) {
	pair, err := tls.X509KeyPair(a.Chain, a.Key)
	if err != nil {
		return authority{}, fmt.Errorf("the authority: %w", err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	switch {
	case !ok:
		return authority{}, errors.New("the authority: its key cannot sign")
	case !pair.Leaf.IsCA:
		return authority{}, fmt.Errorf("%s is no authority: its certificate may not sign others", pair.Leaf.Subject)
	case pair.Leaf.KeyUsage != 0 && pair.Leaf.KeyUsage&x509.KeyUsageCertSign == 0:
		return authority{}, fmt.Errorf("the authority %s may not sign certificates", pair.Leaf.Subject)
	}
	return authority{pair.Leaf, key, bundle.WithoutRoot(pair.Certificate)}, nil
}
