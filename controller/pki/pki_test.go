package pki

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func newAuthority(t *testing.T, keyType KeyType, now func() time.Time) *Authority {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	if _, err := Init(dir, keyType, now); err != nil {
		t.Fatal(err)
	}
	a, err := Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// verify checks the leaf as who trusts only its folder's ca.pem.
func verify(t *testing.T, i Issued, o x509.VerifyOptions) error {
	t.Helper()
	ca, err := os.ReadFile(filepath.Join(i.Dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	chain, err := tls.LoadX509KeyPair(filepath.Join(i.Dir, "cert.pem"), filepath.Join(i.Dir, "key.pem"))
	if err != nil || len(chain.Certificate) != 2 {
		t.Fatalf("%d certificates, %v", len(chain.Certificate), err)
	}
	below, err := x509.ParseCertificate(chain.Certificate[1])
	if err != nil {
		t.Fatal(err)
	}
	o.Roots, o.Intermediates = x509.NewCertPool(), x509.NewCertPool()
	o.Roots.AppendCertsFromPEM(ca)
	o.Intermediates.AddCert(below)
	_, err = chain.Leaf.Verify(o)
	return err
}

func TestWhatIsIssuedIsVerifiedByTheRootAlone(t *testing.T) {
	for _, keyType := range []KeyType{P256, RSA2048} {
		t.Run(string(keyType), func(t *testing.T) {
			a := newAuthority(t, keyType, nil)
			server, err := a.Issue(Request{Name: "engine", Server: true, Hosts: []string{"engine.test"}, IPs: []string{"192.0.2.1", "2001:db8::1"}, KeyType: keyType})
			if err != nil {
				t.Fatal(err)
			}
			client, err := a.Issue(Request{Name: "ops@here", KeyType: keyType})
			if err != nil {
				t.Fatal(err)
			}
			forServers, forClients := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			for _, c := range []struct {
				name string
				i    Issued
				o    x509.VerifyOptions
				ok   bool
			}{
				{"the server's for its name", server, x509.VerifyOptions{DNSName: "engine.test", KeyUsages: forServers}, true},
				{"the server's for its address", server, x509.VerifyOptions{DNSName: "192.0.2.1", KeyUsages: forServers}, true},
				{"the server's for its other address", server, x509.VerifyOptions{DNSName: "[2001:db8::1]", KeyUsages: forServers}, true},
				{"not for another name", server, x509.VerifyOptions{DNSName: "other.test", KeyUsages: forServers}, false},
				{"the server's is not for clients", server, x509.VerifyOptions{KeyUsages: forClients}, false},
				{"the client's", client, x509.VerifyOptions{KeyUsages: forClients}, true},
				{"the client's is not for servers", client, x509.VerifyOptions{KeyUsages: forServers}, false},
				{"not after a year", client, x509.VerifyOptions{KeyUsages: forClients, CurrentTime: time.Now().AddDate(0, 0, DefaultDays+1)}, false},
			} {
				if err := verify(t, c.i, c.o); (err == nil) != c.ok {
					t.Errorf("%s: %v", c.name, err)
				}
			}
		})
	}
}

func TestAuthoritiesMayDoWhatTheyAreFor(t *testing.T) {
	a := newAuthority(t, "", nil)
	root, err := readCertificate(filepath.Join(a.dir, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	if root.MaxPathLen != 1 || a.issuer.MaxPathLen != 0 || !a.issuer.MaxPathLenZero || !root.IsCA || !a.issuer.IsCA {
		t.Errorf("depths %d and %d", root.MaxPathLen, a.issuer.MaxPathLen)
	}
	for _, c := range []*x509.Certificate{root, a.issuer} {
		if years := c.NotAfter.Year() - time.Now().UTC().Year(); years != 10 || c.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
			t.Errorf("%s: %d years, usage %b", c.Subject, years, c.KeyUsage)
		}
	}
	leaf, err := a.Issue(Request{Name: "ops", KeyType: RSA2048})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := leaf.Certificate.PublicKey.(*rsa.PublicKey); !ok || leaf.Certificate.KeyUsage != x509.KeyUsageDigitalSignature|x509.KeyUsageKeyEncipherment {
		t.Errorf("%T, usage %b", leaf.Certificate.PublicKey, leaf.Certificate.KeyUsage)
	}
	if _, ok := root.PublicKey.(*ecdsa.PublicKey); !ok || leaf.Certificate.IsCA || leaf.Certificate.Subject.CommonName != "ops" {
		t.Errorf("%T, %s", root.PublicKey, leaf.Certificate.Subject)
	}
}

func TestKeysAreForTheOwnerAndNothingIsOverwritten(t *testing.T) {
	a := newAuthority(t, "", nil)
	i, err := a.Issue(Request{Name: "ops"})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{filepath.Join(a.dir, "ca-key.pem"), filepath.Join(a.dir, "intermediate-key.pem"), filepath.Join(i.Dir, "key.pem")} {
		if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", key, info.Mode(), err)
		}
	}
	before, _ := os.ReadFile(filepath.Join(a.dir, "ca.pem"))
	if _, err := Init(a.dir, "", nil); err == nil || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("init again: %v", err)
	}
	if _, err := a.Issue(Request{Name: "ops"}); err == nil || !strings.Contains(err.Error(), "not overwritten") {
		t.Errorf("issue again: %v", err)
	}
	if after, _ := os.ReadFile(filepath.Join(a.dir, "ca.pem")); string(before) != string(after) {
		t.Error("ca.pem is another")
	}
}

func TestRequestsThatMakeNoCertificate(t *testing.T) {
	a := newAuthority(t, "", nil)
	for _, c := range []struct {
		name string
		r    Request
		want string
	}{
		{"a name that leaves the folder", Request{Name: "../x"}, "no name for a certificate"},
		{"no name", Request{}, "no name for a certificate"},
		{"a server without an address", Request{Name: "x", Server: true}, "give --host NAME or --ip ADDRESS"},
		{"an address for a name", Request{Name: "x", Server: true, Hosts: []string{"192.0.2.1"}}, "addresses go to --ip"},
		{"a name with a port", Request{Name: "x", Server: true, Hosts: []string{"a.test:2376"}}, "is no host name"},
		{"a name for an address", Request{Name: "x", Server: true, IPs: []string{"a.test"}}, "names go to --host"},
		{"days before today", Request{Name: "x", Days: -1}, "give 1 or more"},
		{"longer than the authority", Request{Name: "x", Days: 5000}, "the authority itself ends"},
		{"a key type that is none", Request{Name: "x", KeyType: "dsa"}, "give p256 or rsa2048"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := a.Issue(c.r); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestRevokedIsWhatTheListSays(t *testing.T) {
	a := newAuthority(t, "", nil)
	one, err1 := a.Issue(Request{Name: "one"})
	two, err2 := a.Issue(Request{Name: "two"})
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	r, err := a.Revoke(filepath.Join(one.Dir, "cert.pem"))
	if err != nil || r.Already || len(r.Lists) != 3 {
		t.Fatalf("%+v, %v", r, err)
	}
	again, err := a.Revoke("0x" + strings.ToUpper(one.Serial()))
	if err != nil || !again.Already {
		t.Errorf("%+v, %v", again, err)
	}
	if _, err := a.Revoke(two.Serial()); err != nil {
		t.Error(err)
	}
	list, err := a.lastList()
	if err != nil || len(list.RevokedCertificateEntries) != 2 || list.Number.Int64() != 4 {
		t.Fatalf("%d entries, number %d, %v", len(list.RevokedCertificateEntries), list.Number, err)
	}
	copied, err1 := os.ReadFile(filepath.Join(two.Dir, "crl.pem"))
	own, err2 := os.ReadFile(filepath.Join(a.dir, "crl.pem"))
	if err1 != nil || err2 != nil || string(copied) != string(own) {
		t.Error("the copy is another", err1, err2)
	}
}

func TestWhatCannotBeRevokedHere(t *testing.T) {
	a, other := newAuthority(t, "", nil), newAuthority(t, "", nil)
	foreign, err := other.Issue(Request{Name: "ops"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ what, want string }{
		"of another authority": {filepath.Join(foreign.Dir, "cert.pem"), "revoke it there"},
		"an unknown number":    {foreign.Serial(), "was issued here"},
		"no number":            {"ops", "neither a file nor a serial number"},
		"a key":                {filepath.Join(foreign.Dir, "key.pem"), "holds no CERTIFICATE"},
	} {
		if _, err := a.Revoke(c.what); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := Open(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "fairlead pki init") {
		t.Errorf("open an empty folder: %v", err)
	}
}
