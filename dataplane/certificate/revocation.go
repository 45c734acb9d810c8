package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// revocation names a certificate as lists do: by its issuer's name, encoded, and
// its serial number.
type revocation struct{ issuer, serial string }

func revocationOf(c *x509.Certificate) revocation {
	return revocation{string(c.RawIssuer), c.SerialNumber.String()}
}

// parseRevocations reads lists of revoked certificates (RFC 5280 section 5), in PEM
// or one in DER, each of which one of the signers has to have signed. It returns
// the earliest next update.
func parseRevocations(lists, signers []byte) (revoked map[revocation]bool, next time.Time, err error) {
	authorities, err := parseAuthorities(signers)
	if err != nil {
		return nil, next, fmt.Errorf("the authorities: %w", err)
	}
	revoked = map[revocation]bool{}
	for i, der := range splitLists(lists) {
		list, err := x509.ParseRevocationList(der)
		if err == nil {
			err = checkList(list, authorities)
		}
		if err != nil {
			return nil, next, fmt.Errorf("revocation list %d in it: %w", i+1, err)
		}
		for j := range list.RevokedCertificateEntries {
			revoked[revocation{string(list.RawIssuer), list.RevokedCertificateEntries[j].SerialNumber.String()}] = true
		}
		if !list.NextUpdate.IsZero() && (next.IsZero() || list.NextUpdate.Before(next)) {
			next = list.NextUpdate
		}
	}
	return revoked, next, nil
}

// splitLists returns the lists in DER.
func splitLists(lists []byte) (ders [][]byte) {
	for rest := lists; ; {
		block, more := pem.Decode(rest)
		if block == nil {
			break
		}
		if block.Type == "X509 CRL" {
			ders = append(ders, block.Bytes)
		}
		rest = more
	}
	if len(ders) == 0 {
		return [][]byte{lists}
	}
	return ders
}

// checkList finds what keeps a list from being used: another signature, or a
// critical extension, by which it says less or more than it seems to (RFC 5280
// section 5.2).
func checkList(list *x509.RevocationList, authorities []*x509.Certificate) error {
	for _, e := range list.Extensions {
		if e.Critical {
			return fmt.Errorf("it has the critical extension %s, which is not understood: lists of changes, of parts and of others' certificates cannot be used", e.Id)
		}
	}
	for i := range list.RevokedCertificateEntries {
		for _, e := range list.RevokedCertificateEntries[i].Extensions {
			if e.Critical {
				return fmt.Errorf("an entry has the critical extension %s, which is not understood", e.Id)
			}
		}
	}
	why := errors.New("it is of none of the authorities in caSecretRefs")
	signed := func(a *x509.Certificate) bool {
		if !bytes.Equal(a.RawSubject, list.RawIssuer) {
			return false
		}
		err := list.CheckSignatureFrom(a)
		if err != nil {
			why = fmt.Errorf("its signature does not fit the authority %s: %w", a.Subject, err)
		}
		return err == nil
	}
	if slices.ContainsFunc(authorities, signed) {
		return nil
	}
	return why
}
