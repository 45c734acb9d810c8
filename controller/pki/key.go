package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
)

// KeyType is what keys are made: "" is P256.
type KeyType string

// The KeyTypes.
const (
	P256    KeyType = "p256"
	RSA2048 KeyType = "rsa2048"
)

// newKey makes a key; RSA keys also decipher in old handshakes, which is the use
// that comes with it.
func newKey(t KeyType) (crypto.Signer, x509.KeyUsage, error) {
	switch t {
	case "", P256:
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		return key, x509.KeyUsageDigitalSignature, err
	case RSA2048:
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		return key, x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment, err
	}
	return nil, 0, fmt.Errorf("key type %q: give %s or %s", t, P256, RSA2048)
}

func keyPEM(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func readKey(file string) (crypto.Signer, error) {
	der, err := readBlock(file, "PRIVATE KEY")
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%s: %T is no key to sign with", file, key)
	}
	return signer, nil
}

func certificatePEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func readCertificate(file string) (*x509.Certificate, error) {
	der, err := readBlock(file, "CERTIFICATE")
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// readBlock is the first block of a kind in a PEM file.
func readBlock(file, kind string) ([]byte, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == kind {
			return block.Bytes, nil
		}
	}
	return nil, fmt.Errorf("%s holds no %s in PEM", file, kind)
}
