package issue

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/bundle"
	"fairlead.dev/fairlead/reconcile/plan"
)

// authorities are a root and an intermediate one that ends at a time.
func authorities(t testing.TB, begins, ends time.Time) (root *x509.Certificate, middle *Authority) {
	t.Helper()
	root, rootKey := authorityFor(t, "root", begins, ends.Add(24*time.Hour), nil, nil)
	m, key := authorityFor(t, "middle", begins, ends, root, rootKey)
	text, err := bundle.Encode([][]byte{m.Raw, root.Raw}, key)
	if err != nil {
		t.Fatal(err)
	}
	chain, keyPEM, _ := strings.Cut(string(text), "-----BEGIN PRIVATE KEY-----")
	return root, &Authority{Chain: []byte(chain), Key: []byte("-----BEGIN PRIVATE KEY-----" + keyPEM)}
}

func authorityFor(t testing.TB, name string, begins, ends time.Time, parent *x509.Certificate, by *ecdsa.PrivateKey) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(begins.UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: begins, NotAfter: ends,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
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

var now = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func wanted(algorithm string) *plan.NewCertificate {
	return &plan.NewCertificate{
		Certificate: "route.demo", Names: []string{"*.demo.local", "demo.local"}, Algorithm: algorithm,
		Issued: plan.Issued{Issuer: "i", Settings: "s", Version: 3, Begins: now, Ends: now.Add(240 * time.Hour)},
	}
}

func read(t *testing.T, bundle []byte) tls.Certificate {
	t.Helper()
	cert, err := tls.X509KeyPair(bundle, bundle)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestACertificateSignsItself(t *testing.T) {
	for _, algorithm := range []string{v1alpha1.KeyECDSA, v1alpha1.KeyRSA} {
		bundle, made, err := Make(wanted(algorithm), nil)
		if err != nil || made != wanted(algorithm).Issued {
			t.Fatal(made, err)
		}
		cert := read(t, bundle)
		if err := cert.Leaf.CheckSignature(cert.Leaf.SignatureAlgorithm, cert.Leaf.RawTBSCertificate, cert.Leaf.Signature); err != nil {
			t.Error(err)
		}
		_, isRSA := cert.PrivateKey.(*rsa.PrivateKey)
		if isRSA != (algorithm == v1alpha1.KeyRSA) || len(cert.Certificate) != 1 || cert.Leaf.IsCA || cert.Leaf.VerifyHostname("x.demo.local") != nil {
			t.Errorf("%s: %v", algorithm, cert.Leaf)
		}
		if !cert.Leaf.NotBefore.Equal(now) || !cert.Leaf.NotAfter.Equal(now.Add(240*time.Hour)) {
			t.Errorf("from %s to %s", cert.Leaf.NotBefore, cert.Leaf.NotAfter)
		}
	}
}

func TestAnAuthoritySigns(t *testing.T) {
	root, middle := authorities(t, now.Add(-time.Hour), now.Add(1000*time.Hour))
	bundle, _, err := Make(wanted(v1alpha1.KeyECDSA), middle)
	if err != nil {
		t.Fatal(err)
	}
	cert := read(t, bundle)
	roots, above := x509.NewCertPool(), x509.NewCertPool()
	roots.AddCert(root)
	if len(cert.Certificate) != 2 {
		t.Fatalf("%d certificates in the chain, want that of the intermediate authority and not the root", len(cert.Certificate))
	}
	m, _ := x509.ParseCertificate(cert.Certificate[1])
	above.AddCert(m)
	if _, err := cert.Leaf.Verify(x509.VerifyOptions{DNSName: "demo.local", Roots: roots, Intermediates: above, CurrentTime: now.Add(time.Hour)}); err != nil {
		t.Error(err)
	}
}

func TestACertificateDoesNotOutlastItsAuthority(t *testing.T) {
	_, middle := authorities(t, now.Add(-time.Hour), now.Add(24*time.Hour))
	bundle, made, err := Make(wanted(v1alpha1.KeyECDSA), middle)
	if err != nil || !made.Ends.Equal(now.Add(24*time.Hour)) || !read(t, bundle).Leaf.NotAfter.Equal(made.Ends) {
		t.Errorf("%+v, %v", made, err)
	}
}

func TestWhatCannotSignIsTold(t *testing.T) {
	_, ended := authorities(t, now.Add(-time.Hour), now.Add(-time.Minute))
	_, good := authorities(t, now.Add(-time.Hour), now.Add(time.Hour))
	self, _, err := Make(wanted(v1alpha1.KeyECDSA), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		by   *Authority
		want string
	}{
		{ended, "has ended at 2026-11-01T11:59:00Z"},
		{&Authority{good.Chain, ended.Key}, "private key does not match"},
		{&Authority{[]byte("garbage"), good.Key}, "the authority: "},
		{&Authority{self, self}, "is no authority"},
	} {
		if _, _, err := Make(wanted(v1alpha1.KeyECDSA), c.by); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
}
