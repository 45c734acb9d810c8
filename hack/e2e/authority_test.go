package e2e

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/controller/pki"
)

// authority is one that certificates for engines and clients come from.
type authority interface {
	// server and client make a folder with ca.pem, cert.pem, key.pem; ended is
	// one that lived long ago.
	server(t *testing.T, host string) string
	client(t *testing.T, name string, ended bool) string
	// revoke revokes the client certificate of a folder and writes its crl.pem.
	revoke(t *testing.T, folder string)
}

// folderAuthority is `fairlead pki`: a company's own, of two levels.
type folderAuthority struct{ dir string }

func newFolderAuthority(t *testing.T) authority {
	t.Helper()
	a := folderAuthority{filepath.Join(t.TempDir(), "pki")}
	if _, err := pki.Init(a.dir, "", nil); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a folderAuthority) issue(t *testing.T, r pki.Request, now func() time.Time) string {
	t.Helper()
	opened, err := pki.Open(a.dir, now)
	if err != nil {
		t.Fatal(err)
	}
	i, err := opened.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	return i.Dir
}

func (a folderAuthority) server(t *testing.T, host string) string {
	t.Helper()
	r := pki.Request{Name: "at-" + host, Server: true, Hosts: []string{host}}
	if net.ParseIP(host) != nil {
		r.Hosts, r.IPs = nil, []string{host}
	}
	return a.issue(t, r, nil)
}

func (a folderAuthority) client(t *testing.T, name string, ended bool) string {
	t.Helper()
	if ended {
		return a.issue(t, pki.Request{Name: name}, func() time.Time { return time.Now().AddDate(-2, 0, 0) })
	}
	return a.issue(t, pki.Request{Name: name}, nil)
}

func (a folderAuthority) revoke(t *testing.T, folder string) {
	t.Helper()
	opened, err := pki.Open(a.dir, nil)
	if err == nil {
		_, err = opened.Revoke(filepath.Join(folder, "cert.pem"))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// signed is a certificate with its key and, for that of an authority, what is
// above it.
type signed struct {
	cert  *x509.Certificate
	key   crypto.Signer
	above *signed
}

// otherAuthority is one that is not ours: of RSA keys and two levels, with both
// of them in ca.pem and leaves alone in cert.pem, as public ones are often set
// up; or of one level.
type otherAuthority struct{ issuer *signed }

func newPublicAuthority(t *testing.T) authority {
	t.Helper()
	return otherAuthority{sign(t, sign(t, nil, authorityTemplate("Public Root R1"), rsaKey(t)), authorityTemplate("Public Issuing E7"), rsaKey(t))}
}

func newSelfSignedAuthority(t *testing.T) authority {
	t.Helper()
	return otherAuthority{sign(t, nil, authorityTemplate("my own"), ecKey(t))}
}

func rsaKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func ecKey(t *testing.T) crypto.Signer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func authorityTemplate(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(5, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

func sign(t *testing.T, issuer *signed, template *x509.Certificate, key crypto.Signer) *signed {
	t.Helper()
	by := &signed{cert: template, key: key}
	if issuer != nil {
		by = issuer
	}
	var err error
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<62)); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by.cert, key.Public(), by.key)
	if err != nil {
		t.Fatal(err)
	}
	s := &signed{key: key, above: issuer}
	if s.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return s
}

func (a otherAuthority) server(t *testing.T, host string) string {
	t.Helper()
	c := leafTemplate(host, x509.ExtKeyUsageServerAuth)
	if ip := net.ParseIP(host); ip != nil {
		c.IPAddresses = []net.IP{ip}
	} else {
		c.DNSNames = []string{host}
	}
	return a.write(t, c)
}

func (a otherAuthority) client(t *testing.T, name string, ended bool) string {
	t.Helper()
	c := leafTemplate(name, x509.ExtKeyUsageClientAuth)
	if ended {
		c.NotAfter = time.Now().Add(-time.Minute)
	}
	return a.write(t, c)
}

func leafTemplate(name string, usage x509.ExtKeyUsage) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().AddDate(1, 0, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{usage},
	}
}

func (a otherAuthority) write(t *testing.T, c *x509.Certificate) string {
	t.Helper()
	leaf := sign(t, a.issuer, c, ecKey(t))
	key, err := x509.MarshalPKCS8PrivateKey(leaf.key)
	if err != nil {
		t.Fatal(err)
	}
	var ca strings.Builder
	for s := a.issuer; s != nil; s = s.above {
		ca.WriteString(inPEM("CERTIFICATE", s.cert.Raw))
	}
	return certFolder(t, pair{cert: ca.String()}, pair{cert: inPEM("CERTIFICATE", leaf.cert.Raw), key: inPEM("PRIVATE KEY", key)})
}

func inPEM(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (a otherAuthority) revoke(t *testing.T, folder string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(folder, "cert.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	c, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: time.Now(), NextUpdate: time.Now().AddDate(0, 1, 0),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: c.SerialNumber, RevocationTime: time.Now()}},
	}, a.issuer.cert, a.issuer.key)
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, "crl.pem"), []byte(inPEM("X509 CRL", der)), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// mixedFolder is a DOCKER_CERT_PATH with ca.pem of one folder, and the client
// certificate of another; of none where that is "".
func mixedFolder(t *testing.T, ca, own string) string {
	t.Helper()
	read := func(folder, name string) string {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil && own != "" {
			t.Fatal(err)
		}
		return string(data)
	}
	return certFolder(t, pair{cert: read(ca, "ca.pem")}, pair{cert: read(own, "cert.pem"), key: read(own, "key.pem")})
}
