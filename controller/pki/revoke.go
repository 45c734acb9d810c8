package pki

import (
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"path/filepath"
	"slices"
	"strings"
)

// Revoked is a certificate that is revoked.
type Revoked struct {
	Certificate *x509.Certificate
	// Already: it was before.
	Already bool
	// Lists are the files that say so: the authority's, and those in the folders
	// of certificates below it.
	Lists []string
}

// Revoke revokes the certificate in a file, or the one with a serial number that
// was issued here.
func (a *Authority) Revoke(fileOrSerial string) (Revoked, error) {
	c, err := a.find(fileOrSerial)
	if err != nil {
		return Revoked{}, err
	}
	if err := c.CheckSignatureFrom(a.issuer); err != nil {
		return Revoked{}, fmt.Errorf("%s was not issued by %s but by %s: revoke it there", c.Subject, a.issuer.Subject, c.Issuer)
	}
	last, err := a.lastList()
	if err != nil {
		return Revoked{}, err
	}
	r := Revoked{Certificate: c}
	entries := last.RevokedCertificateEntries
	r.Already = slices.ContainsFunc(entries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(c.SerialNumber) == 0 })
	if !r.Already {
		entries = append(entries, x509.RevocationListEntry{SerialNumber: c.SerialNumber, RevocationTime: a.now().UTC()})
	}
	data, err := a.list(entries, last.Number.Int64()+1)
	if err != nil {
		return r, err
	}
	r.Lists, err = a.spread(data)
	return r, err
}

// find reads a file, or the copy of what was issued with a serial number.
func (a *Authority) find(fileOrSerial string) (*x509.Certificate, error) {
	c, err := readCertificate(fileOrSerial)
	if !errors.Is(err, fs.ErrNotExist) {
		return c, err
	}
	serial, ok := new(big.Int).SetString(strings.TrimPrefix(strings.ReplaceAll(strings.ToLower(fileOrSerial), ":", ""), "0x"), 16)
	if !ok {
		return nil, fmt.Errorf("%s is neither a file nor a serial number: look into %s", fileOrSerial, filepath.Join(a.dir, "issued"))
	}
	c, err = readCertificate(filepath.Join(a.dir, "issued", fmt.Sprintf("%x.pem", serial)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("no certificate with the serial number %x was issued here: look into %s", serial, filepath.Join(a.dir, "issued"))
	}
	return c, err
}

// lastList is the authority's crl.pem.
func (a *Authority) lastList() (*x509.RevocationList, error) {
	file := filepath.Join(a.dir, "crl.pem")
	der, err := readBlock(file, "X509 CRL")
	if err != nil {
		return nil, err
	}
	list, err := x509.ParseRevocationList(der)
	if err == nil {
		err = list.CheckSignatureFrom(a.issuer)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// list makes crl.pem. It counts until the next one, at most as long as the issuer.
func (a *Authority) list(entries []x509.RevocationListEntry, number int64) ([]byte, error) {
	template := &x509.RevocationList{
		Number: big.NewInt(number), ThisUpdate: a.now().Add(-early).UTC(), NextUpdate: a.issuer.NotAfter, RevokedCertificateEntries: entries,
	}
	der, err := x509.CreateRevocationList(rand.Reader, template, a.issuer, a.key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: der}), nil
}

// spread writes crl.pem everywhere below the authority's folder, its own first.
func (a *Authority) spread(data []byte) ([]string, error) {
	written := []string{filepath.Join(a.dir, "crl.pem")}
	for _, folder := range []string{"servers", "clients"} {
		found, err := filepath.Glob(filepath.Join(a.dir, folder, "*", "crl.pem"))
		if err != nil {
			return nil, err
		}
		written = append(written, found...)
	}
	for _, path := range written {
		if err := replace(path, data); err != nil {
			return nil, err
		}
	}
	return written, nil
}
