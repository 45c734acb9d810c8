package certificate

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

// issued makes a certificate for a new key that parent signs; nil signs itself.
func issued(t *testing.T, name string, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	if parent == nil {
		parent, by = c, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key.Public(), by)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return signed, key
}

func TestAChainIsPutInOrder(t *testing.T) {
	root, rootKey := issued(t, "root", nil, nil)
	upper, upperKey := issued(t, "upper", root, rootKey)
	lower, lowerKey := issued(t, "lower", upper, upperKey)
	leaf, key := issued(t, "leaf", lower, lowerKey)
	other, _ := issued(t, "other", nil, nil)
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
	want := []*x509.Certificate{leaf, lower, upper, root}
	for _, order := range [][]*x509.Certificate{
		want, {leaf, upper, root, lower}, {root, upper, lower, leaf}, {upper, leaf, lower, root}, {other, root, leaf, upper, lower},
	} {
		var chain []byte
		for _, c := range order {
			chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
		}
		cert, err := ParsePair(chain, keyPEM)
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range want {
			if !bytes.Equal(cert.Certificate[i], w.Raw) {
				t.Errorf("certificate %d is not that of %s", i, w.Subject.CommonName)
			}
		}
		if len(cert.Certificate) != len(order) || cert.Leaf.Subject.CommonName != "leaf" {
			t.Errorf("%d certificates of %d, for %s", len(cert.Certificate), len(order), cert.Leaf.Subject.CommonName)
		}
	}
	otherPEM := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Raw})
	if _, err := ParsePair(otherPEM, keyPEM); err == nil {
		t.Error("a key fits a certificate that it is not for")
	}
}
