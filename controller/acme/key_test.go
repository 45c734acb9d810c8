package acme

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
)

type equaler interface{ Equal(crypto.PublicKey) bool }

func TestAccountKeysAreReadInEveryForm(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(rs)
	if err != nil {
		t.Fatal(err)
	}
	params := string(pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 5, 43, 129, 4, 0, 34}}))
	for _, c := range []struct {
		kind   string
		before string
		der    []byte
		want   crypto.Signer
	}{
		{"EC PRIVATE KEY", params, sec1, ec},
		{"RSA PRIVATE KEY", "", x509.MarshalPKCS1PrivateKey(rs), rs},
		{"PRIVATE KEY", "made by: somebody\n", pkcs8, rs},
	} {
		key, err := ParseAccountKey([]byte(c.before + string(pem.EncodeToMemory(&pem.Block{Type: c.kind, Bytes: c.der}))))
		if err != nil || !key.Public().(equaler).Equal(c.want.Public()) {
			t.Errorf("%s: %v", c.kind, err)
		}
	}
	own, err := NewAccountKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := NewAccountKey()
	if err != nil {
		t.Fatal(err)
	}
	a, err := ParseAccountKey(own)
	if err != nil {
		t.Fatal(err)
	}
	b, err := ParseAccountKey(other)
	if err != nil {
		t.Fatal(err)
	}
	if a.Public().(equaler).Equal(b.Public()) {
		t.Error("two new keys are the same")
	}
}

func TestWhatIsNoAccountKeyIsTold(t *testing.T) {
	for data, want := range map[string]string{
		"":        "no private key in PEM",
		"garbage": "no private key in PEM",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n": "the account key: ",
	} {
		if key, err := ParseAccountKey([]byte(data)); err == nil || key != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, %v", data, key, err)
		}
	}
}

func TestKeysOfExternalAccountsAreReadAsAuthoritiesShowThem(t *testing.T) {
	for _, text := range []string{"--__AQ", "++//AQ==", " --__AQ==\n"} {
		if key, err := DecodeMACKey(text); err != nil || string(key) != "\xfb\xef\xff\x01" {
			t.Errorf("%q: %x, %v", text, key, err)
		}
	}
	for _, text := range []string{"", "?", "a"} {
		if key, err := DecodeMACKey(text); err == nil {
			t.Errorf("%q is read as %x", text, key)
		}
	}
}
