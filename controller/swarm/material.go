package swarm

import (
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// material is what stands in the folder of an endpoint's certificates.
type material struct {
	dir string
	// authorities are those in ca.pem.
	authorities []*x509.Certificate
	// own is the client certificate, and those that it was issued through.
	own []*x509.Certificate
	// revoked are the lists in crl.pem.
	revoked []*x509.RevocationList
}

// readMaterial reads the folder; a file that is not there is none.
func readMaterial(dir string) (material, error) {
	m := material{dir: dir}
	var err1, err2, err3 error
	m.authorities, err1 = readCertificates(filepath.Join(dir, "ca.pem"))
	m.own, err2 = readCertificates(filepath.Join(dir, "cert.pem"))
	m.revoked, err3 = readRevocations(filepath.Join(dir, "crl.pem"))
	return m, errors.Join(err1, err2, err3)
}

func readCertificates(file string) ([]*x509.Certificate, error) {
	return readBlocks(file, "CERTIFICATE", "certificate", x509.ParseCertificate)
}

func readRevocations(file string) ([]*x509.RevocationList, error) {
	return readBlocks(file, "X509 CRL", "revocation list", x509.ParseRevocationList)
}

// readBlocks parses the blocks of a kind; a file without any is a mistake.
func readBlocks[T any](file, kind, noun string, parse func([]byte) (T, error)) ([]T, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []T
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		if block.Type != kind {
			continue
		}
		v, err := parse(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		out = append(out, v)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no %s: write one there in PEM", file, noun)
	}
	return out, nil
}

// clientFault is what is wrong with the client certificate, as far as it can be
// told here; "" where nothing is.
func (m material) clientFault(now time.Time) Fault {
	if len(m.own) == 0 {
		return NoClientCertificate
	}
	leaf := m.own[0]
	switch {
	case now.After(leaf.NotAfter):
		return ClientCertificateEnded
	case now.Before(leaf.NotBefore):
		return ClientCertificateEarly
	case !m.issued(leaf, now):
		return ForeignClientCertificate
	case !isFor(leaf, x509.ExtKeyUsageClientAuth):
		return NotForClients
	}
	return m.revocation(leaf, ClientCertificateRevoked, m.own[1:]...)
}

// issued says whether the authorities in ca.pem stand behind the leaf. Where
// there is no ca.pem nobody can tell.
func (m material) issued(leaf *x509.Certificate, now time.Time) bool {
	if len(m.authorities) == 0 {
		return true
	}
	o := x509.VerifyOptions{Roots: poolOf(m.authorities), Intermediates: poolOf(m.own[1:]), CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	_, err := leaf.Verify(o)
	return err == nil
}

func poolOf(certificates []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range certificates {
		pool.AddCert(c)
	}
	return pool
}

// isFor says whether a certificate may be used so; one that names no use may.
func isFor(c *x509.Certificate, usage x509.ExtKeyUsage) bool {
	for _, u := range c.ExtKeyUsage {
		if u == usage || u == x509.ExtKeyUsageAny {
			return true
		}
	}
	return len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 0
}

// revocation is fault where crl.pem revokes one of the certificates of a chain.
// Issuers are looked for among the authorities and the chain itself.
func (m material) revocation(leaf *x509.Certificate, fault Fault, chain ...*x509.Certificate) Fault {
	issuers := slices.Concat(m.authorities, m.own, chain)
	for _, c := range slices.Concat([]*x509.Certificate{leaf}, chain) {
		for _, list := range m.revoked {
			switch {
			case string(list.RawIssuer) != string(c.RawIssuer):
			case !signedByOne(list, issuers):
				return UntrustedRevocations
			case lists(list, c):
				return fault
			}
		}
	}
	return ""
}

func lists(list *x509.RevocationList, c *x509.Certificate) bool {
	for i := range list.RevokedCertificateEntries {
		if list.RevokedCertificateEntries[i].SerialNumber.Cmp(c.SerialNumber) == 0 {
			return true
		}
	}
	return false
}

func signedByOne(list *x509.RevocationList, issuers []*x509.Certificate) bool {
	for _, issuer := range issuers {
		if list.CheckSignatureFrom(issuer) == nil {
			return true
		}
	}
	return false
}

// ownWords say what cert.pem is.
func (m material) ownWords() string {
	file := filepath.Join(m.dir, "cert.pem")
	if len(m.own) == 0 {
		return file + " is not there"
	}
	return file + ": " + certificateWords(m.own[0])
}

// certificateWords are whose a certificate is, by whom, and for how long.
func certificateWords(c *x509.Certificate) string {
	return fmt.Sprintf("%s, by %s, serial %x, from %s to %s", c.Subject, c.Issuer, c.SerialNumber,
		c.NotBefore.UTC().Format(time.RFC3339), c.NotAfter.UTC().Format(time.RFC3339))
}
