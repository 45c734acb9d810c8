// Package issue makes certificates: with a new key each time, signed by
// themselves or by an authority. When one is made is package plan's decision, and
// where it goes a secret's matter; here it is only made, and checked.
package issue

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/reconcile/plan"
)

const rsaBits = 2048

// Authority is what signs: a certificate with those above it, and its key, in PEM.
type Authority struct{ Chain, Key []byte }

// Make makes the certificate that w asks for and returns its chain and key in
// PEM, one after the other, and what it became: the authority may end before w
// does. A nil Authority signs with the certificate's own key.
func Make(w *plan.NewCertificate, by *Authority) (bundle []byte, made plan.Issued, err error) {
	made = w.Issued
	key, err := NewKey(w.Algorithm)
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
	bundle, err = encode(append([][]byte{der}, signer.chain...), key)
	return bundle, made, err
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

// NewKey makes a key: RSA where the algorithm is v1alpha1.KeyRSA, else ECDSA.
func NewKey(algorithm string) (crypto.Signer, error) {
	if algorithm == v1alpha1.KeyRSA {
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
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
	return authority{pair.Leaf, key, withoutRoot(pair.Certificate)}, nil
}

// withoutRoot leaves out what signed itself: clients have it, or do not trust it
// (RFC 8446 section 4.4.2).
func withoutRoot(chain [][]byte) [][]byte {
	var out [][]byte
	for _, der := range chain {
		if c, err := x509.ParseCertificate(der); err == nil && c.CheckSignatureFrom(c) != nil {
			out = append(out, der)
		}
	}
	return out
}

func encode(chain [][]byte, key crypto.Signer) ([]byte, error) {
	var out []byte
	for _, der := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	return AppendKey(out, key)
}

// AppendKey appends a key in PEM to a chain.
func AppendKey(chain []byte, key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})...), nil
}
