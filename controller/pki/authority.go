package pki

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

const (
	authorityYears = 10
	// early is how much before now a certificate begins, for clocks that are late.
	early = 5 * time.Minute
)

// Authority is a folder that certificates are issued from. Commands on one
// folder at the same time are up to who calls them.
type Authority struct {
	dir    string
	issuer *x509.Certificate // the intermediate
	key    crypto.Signer     // its
	now    func() time.Time
}

// Init makes a root and an intermediate authority in a folder, and an empty list
// of what is revoked. now is the clock; nil is time.Now.
func Init(dir string, t KeyType, now func() time.Time) (*Authority, error) {
	if now == nil {
		now = time.Now
	}
	mark, err := newSerial()
	if err != nil {
		return nil, err
	}
	suffix := fmt.Sprintf("%x", mark)[:6]
	root, err := newPair(t, nil, authority("Fairlead root "+suffix, 1, now()))
	if err != nil {
		return nil, err
	}
	below, err := newPair(t, root, authority("Fairlead intermediate "+suffix, 0, now()))
	if err != nil {
		return nil, err
	}
	a := &Authority{dir: dir, issuer: below.cert, key: below.key, now: now}
	list, err := a.list(nil, 1)
	if err != nil {
		return nil, err
	}
	return a, writeNew(dir, []file{
		{"ca.pem", root.certPEM, 0o644}, {"ca-key.pem", root.keyPEM, 0o600},
		{"intermediate.pem", below.certPEM, 0o644}, {"intermediate-key.pem", below.keyPEM, 0o600}, {"crl.pem", list, 0o644},
	})
}

// Open opens a folder that Init made. now is the clock; nil is time.Now.
func Open(dir string, now func() time.Time) (*Authority, error) {
	if now == nil {
		now = time.Now
	}
	issuer, err := readCertificate(filepath.Join(dir, "intermediate.pem"))
	if os.IsNotExist(err) {
		return nil, fmt.Errorf("%s is no authority: fairlead pki init %s makes one, or give another folder with --dir", dir, dir)
	}
	if err != nil {
		return nil, err
	}
	key, err := readKey(filepath.Join(dir, "intermediate-key.pem"))
	if err != nil {
		return nil, err
	}
	return &Authority{dir: dir, issuer: issuer, key: key, now: now}, nil
}

// authority is the template of one that may have depth authorities below it.
func authority(name string, depth int, now time.Time) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-early), NotAfter: now.AddDate(authorityYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLen: depth, MaxPathLenZero: depth == 0,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
}

// pair is a certificate and its key, parsed and in PEM.
type pair struct {
	cert            *x509.Certificate
	key             crypto.Signer
	certPEM, keyPEM []byte
}

// newPair makes a key and has its certificate signed by issuer, or by itself
// where there is none.
func newPair(t KeyType, issuer *pair, template *x509.Certificate) (*pair, error) {
	key, usage, err := newKey(t)
	if err != nil {
		return nil, err
	}
	if !template.IsCA {
		template.KeyUsage = usage
	}
	if template.SerialNumber, err = newSerial(); err != nil {
		return nil, err
	}
	if issuer == nil {
		issuer = &pair{cert: template, key: key}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, issuer.cert, key.Public(), issuer.key)
	if err != nil {
		return nil, err
	}
	p := &pair{key: key, certPEM: certificatePEM(der)}
	if p.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	p.keyPEM, err = keyPEM(key)
	return p, err
}

// newSerial is a random number of 126 bits with the first one set, so that it
// always has as many digits.
func newSerial() (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 126))
	if err != nil {
		return nil, err
	}
	return n.SetBit(n, 126, 1), nil
}
