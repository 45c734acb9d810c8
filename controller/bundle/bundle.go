// Package bundle is how a certificate that we had made is kept: its chain, the
// leaf first and without the root, and its key (PKCS #8), one after the other in
// one PEM text.
package bundle

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"

	"fairlead.dev/fairlead/api/v1alpha1"
)

const rsaBits = 2048

// NewKey makes a key: v1alpha1.KeyRSA of 2048 bits, or ECDSA on P-256.
func NewKey(algorithm string) (crypto.Signer, error) {
	if algorithm == v1alpha1.KeyRSA {
		return rsa.GenerateKey(rand.Reader, rsaBits)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}

// Encode is the bundle of a chain, in DER, and its key.
func Encode(chain [][]byte, key crypto.Signer) ([]byte, error) {
	var out []byte
	for _, der := range chain {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	k, err := EncodeKey(key)
	if err != nil {
		return nil, err
	}
	return append(out, k...), nil
}

// EncodeKey is a key alone.
func EncodeKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// WithoutRoot leaves out what signed itself: clients have it, or do not trust it
// (RFC 8446 section 4.4.2).
func WithoutRoot(chain [][]byte) [][]byte {
	var out [][]byte
	for _, der := range chain {
		if c, err := x509.ParseCertificate(der); err == nil && c.CheckSignatureFrom(c) != nil {
			out = append(out, der)
		}
	}
	return out
}
