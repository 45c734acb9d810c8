package proxy

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"fairlead.dev/fairlead/dataplane/message"
)

// shown is the certificate that a client has shown, in the words in which
// Endpoints are told of it.
type shown struct{ subject, certificate string }

func newShown(c *x509.Certificate) *shown {
	return &shown{subjectOf(c), ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":"}
}

// subjectOf returns the holder's name as RFC 2253 writes it. What is no printable
// ASCII is escaped, so that it can stand in a header field.
func subjectOf(c *x509.Certificate) string {
	var name pkix.RDNSequence
	if _, err := asn1.Unmarshal(c.RawSubject, &name); err != nil {
		return ""
	}
	var b strings.Builder
	for _, by := range []byte(name.String()) {
		if by < 0x20 || by >= 0x7f {
			fmt.Fprintf(&b, "\\%02X", by)
			continue
		}
		b.WriteByte(by)
	}
	return b.String()
}

// replace takes out of a request what it says of a certificate, and adds what is
// so (RFC 9440 section 2.4). Nobody is trusted with that.
func (s *shown) replace(f message.Fields) message.Fields {
	f = withoutCertificate(f)
	if s == nil {
		return f
	}
	return append(f, message.Field{Name: "X-Client-Cert-Subject", Value: s.subject}, message.Field{Name: "Client-Cert", Value: s.certificate})
}

// withoutCertificate removes fields in their place.
func withoutCertificate(f message.Fields) message.Fields {
	for i := range f {
		if isOfCertificate(f[i].Name) {
			return slices.DeleteFunc(f, func(field message.Field) bool { return isOfCertificate(field.Name) })
		}
	}
	return f
}

// isOfCertificate says whether a field tells of the client's certificate, or would
// seem to for who takes _ for -, as CGI does (RFC 3875 section 4.1.18).
func isOfCertificate(name string) bool {
	switch len(name) {
	case 11:
		return isLoosely(name, "client-cert")
	case 17:
		return isLoosely(name, "client-cert-chain")
	case 21:
		return isLoosely(name, "x-client-cert-subject")
	}
	return false
}

// isLoosely compares with a name of the same length in lower case.
func isLoosely(name, want string) bool {
	for i := range len(want) {
		c := name[i]
		switch {
		case c == '_':
			c = '-'
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		}
		if c != want[i] {
			return false
		}
	}
	return true
}
