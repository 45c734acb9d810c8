package certificate

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"
)

// ca makes an authority for revocation lists, with what signs a list.
func ca(t testing.TB, usage x509.KeyUsage) (bundle []byte, sign func(change ...func(*x509.RevocationList)) []byte) {
	t.Helper()
	key := ecdsaCertificate(t, "authority").PrivateKey.(crypto.Signer)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority"}, NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: usage}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, _ := x509.ParseCertificate(der)
	parsed.KeyUsage |= x509.KeyUsageCRLSign // so that it can be misused
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), func(change ...func(*x509.RevocationList)) []byte {
		list := &x509.RevocationList{
			Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour),
			RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(7), RevocationTime: time.Now()}},
		}
		for _, f := range change {
			f(list)
		}
		der, err := x509.CreateRevocationList(rand.Reader, list, parsed, key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
}

func inPEM(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der})
}

func TestRevocationListsArePEMOrDER(t *testing.T) {
	bundle, sign := ca(t, x509.KeyUsageCertSign|x509.KeyUsageCRLSign)
	other := func(l *x509.RevocationList) { l.RevokedCertificateEntries[0].SerialNumber = big.NewInt(8) }
	sooner := func(l *x509.RevocationList) { l.NextUpdate = time.Now().Add(time.Minute) }
	for name, c := range map[string]struct {
		lists []byte
		want  int
	}{"DER": {sign(), 1}, "PEM": {inPEM(sign()), 1}, "two in PEM": {append(inPEM(sign(sooner)), inPEM(sign(other))...), 2}} {
		revoked, next, err := parseRevocations(c.lists, bundle)
		if err != nil || len(revoked) != c.want {
			t.Errorf("%s: %d revoked, %v", name, len(revoked), err)
		}
		if left := time.Until(next); (left < 2*time.Minute) != (c.want == 2) {
			t.Errorf("%s: the next update is in %v", name, left)
		}
	}
}

func TestRevocationListsThatCannotBeUsed(t *testing.T) {
	bundle, sign := ca(t, x509.KeyUsageCertSign|x509.KeyUsageCRLSign)
	mayNot, misuse := ca(t, x509.KeyUsageCertSign)
	stranger, _ := ca(t, x509.KeyUsageCertSign|x509.KeyUsageCRLSign)
	critical := pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 27}, Critical: true, Value: []byte{2, 1, 1}}
	for name, c := range map[string]struct {
		lists, bundle []byte
		want          string
	}{
		"another's signature":       {sign(), stranger, "its signature does not fit the authority CN=authority"},
		"an authority that may not": {misuse(), mayNot, "its signature does not fit the authority CN=authority"},
		"only what has changed":     {sign(func(l *x509.RevocationList) { l.ExtraExtensions = []pkix.Extension{critical} }), bundle, "critical extension 2.5.29.27"},
		"others' certificates": {sign(func(l *x509.RevocationList) {
			l.RevokedCertificateEntries[0].ExtraExtensions = []pkix.Extension{critical}
		}), bundle, "an entry has the critical extension"},
		"garbage":             {[]byte("garbage"), bundle, "revocation list 1 in it"},
		"good, then garbage":  {append(inPEM(sign()), inPEM([]byte("x"))...), bundle, "revocation list 2 in it"},
		"no authority at all": {sign(), []byte("x"), "the authorities"},
	} {
		if _, _, err := parseRevocations(c.lists, c.bundle); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
