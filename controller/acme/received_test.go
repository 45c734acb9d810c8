package acme

import (
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/bundle"
)

// signed is a certificate by parent, or by itself, for an hour around now.
type signed struct {
	*x509.Certificate
	key crypto.Signer
}

var serial = big.NewInt(1 << 40)

func sign(t *testing.T, name string, ca bool, parent *signed, hosts ...string) *signed {
	t.Helper()
	key, err := bundle.NewKey(v1alpha1.KeyECDSA)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: hosts, IsCA: ca, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-30 * time.Minute), NotAfter: time.Now().Add(30 * time.Minute),
		SubjectKeyId: []byte(name), KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if ca {
		template.KeyUsage |= x509.KeyUsageCertSign
	}
	by := &signed{template, key}
	if parent != nil {
		by = parent
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.Certificate, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &signed{c, key}
}

func selfSigned(t *testing.T) *x509.Certificate {
	t.Helper()
	return sign(t, "leaf", false, sign(t, "root", true, nil), "shop.test").Certificate
}

func chainOf(certificates ...*signed) []byte {
	var out []byte
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

func TestAChainIsPutInOrder(t *testing.T) {
	root := sign(t, "root", true, nil)
	upper := sign(t, "upper", true, root)
	middle := sign(t, "middle", true, upper)
	leaf := sign(t, "leaf", false, middle, "shop.test", "*.shop.test")
	foreign := sign(t, "foreign", true, nil)
	for _, came := range [][]*signed{
		{leaf, middle, upper}, {leaf, middle, upper, root}, {root, upper, middle, leaf}, {leaf, upper, foreign, middle},
	} {
		text, got, err := received(chainOf(came...), leaf.key, []string{"shop.test", "*.shop.test"}, time.Now())
		if err != nil || !got.Equal(leaf.Certificate) {
			t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(text, text)
		if err != nil || len(pair.Certificate) != 3 {
			t.Fatalf("%v: %d certificates", err, len(pair.Certificate))
		}
		for i, want := range []*signed{leaf, middle, upper} {
			if string(pair.Certificate[i]) != string(want.Raw) {
				t.Errorf("certificate %d is not %s", i, want.Subject)
			}
		}
	}
}

func TestWhatWasNotOrderedIsNotTaken(t *testing.T) {
	root := sign(t, "root", true, nil)
	leaf, other := sign(t, "leaf", false, root, "shop.test"), sign(t, "other", false, root, "shop.test")
	now := time.Now()
	for _, c := range []struct {
		chain []byte
		host  string
		now   time.Time
		want  string
	}{
		{nil, "shop.test", now, "no certificate in it"},
		{[]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "shop.test", now, "x509"},
		{chainOf(other, root), "shop.test", now, "for another key"},
		{chainOf(leaf, root), "www.shop.test", now, "not for www.shop.test"},
		{chainOf(leaf, root), "shop.test", now.Add(time.Hour), "has ended at"},
		{chainOf(leaf, root), "shop.test", now.Add(-time.Hour), "set the clock"},
	} {
		if text, got, err := received(c.chain, leaf.key, []string{c.host}, c.now); err == nil || text != nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, _, err := received(chainOf(leaf), leaf.key, []string{"shop.test"}, leaf.NotBefore.Add(-time.Minute)); err != nil {
		t.Error("the authority's clock is a minute ahead:", err)
	}
}
