package acme

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/bundle"
)

// NewAccountKey makes the key of an Account, on P-256, in PEM (PKCS #8).
func NewAccountKey() ([]byte, error) {
	key, err := bundle.NewKey(v1alpha1.KeyECDSA)
	if err != nil {
		return nil, err
	}
	return bundle.EncodeKey(key)
}

// ParseAccountKey reads the key of an Account from PEM, in any of the forms that
// people bring from other clients: PKCS #8, SEC 1, PKCS #1.
func ParseAccountKey(data []byte) (crypto.Signer, error) {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return nil, errors.New("the account key: there is no private key in PEM")
		}
		if data = rest; !strings.HasSuffix(block.Type, "PRIVATE KEY") {
			continue
		}
		key, err := parseKey(block)
		if err != nil {
			return nil, fmt.Errorf("the account key: %w", err)
		}
		return key, nil
	}
}

func parseKey(block *pem.Block) (crypto.Signer, error) {
	switch block.Type {
	case "EC PRIVATE KEY":
		return x509.ParseECPrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		return x509.ParsePKCS1PrivateKey(block.Bytes)
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("%T is no key to sign with", key)
	}
	return signer, nil
}

// DecodeMACKey reads the key of an ExternalAccount as authorities show it:
// base64url (RFC 8555 section 7.3.4), or base64 as some do, padded or not.
func DecodeMACKey(text string) ([]byte, error) {
	text = strings.TrimRight(strings.TrimSpace(text), "=")
	key, err := base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_").Replace(text))
	if err != nil || len(key) == 0 {
		return nil, errors.New("the external account's key is not in base64url: copy it as the authority shows it")
	}
	return key, nil
}
