package swarm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"strings"
	"syscall"
	"time"
)

// diagnosis is what is known when a call failed.
type diagnosis struct {
	endpoint endpoint
	material material
	now      time.Time
}

// explain is err, as a TrustError where TLS is why: what our side found out
// comes first, then what the engine said, then what can be told of cert.pem here.
func (d diagnosis) explain(err error) error {
	var told *TrustError
	if errors.As(err, &told) {
		return told // what stands around it says less
	}
	if fault := d.transportFault(err); fault != "" {
		return &TrustError{Fault: fault, Where: d.endpoint.Host, Err: err}
	}
	if fault, where := serverFault(err, d.now); fault != "" {
		return &TrustError{Fault: fault, Where: d.endpoint.Host + where, Err: err}
	}
	if fault := d.clientFault(err); fault != "" {
		return &TrustError{Fault: fault, Where: d.material.ownWords(), Err: err}
	}
	return err
}

// transportFault finds that one side speaks TLS and the other does not.
func (d diagnosis) transportFault(err error) Fault {
	said := err.Error()
	var header tls.RecordHeaderError
	switch {
	case d.endpoint.CertDir == "" && (strings.Contains(said, "HTTP request to an HTTPS server") || strings.Contains(said, `malformed HTTP response "\x15\x03`)):
		return PlainToTLS
	case d.endpoint.CertDir != "" && (errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &header)):
		return TLSToPlain
	}
	return ""
}

// serverFault is what we found wrong with the engine's certificate, and which
// certificate that is.
func serverFault(err error, now time.Time) (fault Fault, where string) {
	var name x509.HostnameError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &name):
		return OtherServerName, ", " + certificateWords(name.Certificate)
	case errors.As(err, &unknown):
		return UnknownServerAuthority, issuedWords(err)
	case !errors.As(err, &invalid):
		return "", ""
	case invalid.Reason == x509.Expired && now.Before(invalid.Cert.NotBefore):
		return ServerCertificateEarly, ", " + certificateWords(invalid.Cert)
	case invalid.Reason == x509.Expired:
		return ServerCertificateEnded, ", " + certificateWords(invalid.Cert)
	case invalid.Reason == x509.IncompatibleUsage:
		return NotForServers, ", " + certificateWords(invalid.Cert)
	}
	return "", ""
}

// issuedWords say which certificate could not be verified.
func issuedWords(err error) string {
	var failed *tls.CertificateVerificationError
	if errors.As(err, &failed) && len(failed.UnverifiedCertificates) > 0 {
		return ", " + certificateWords(failed.UnverifiedCertificates[0])
	}
	return ""
}

// clientFault is what is wrong with our certificate, where the engine refused it
// or ended the connection without a word. TLS 1.3 brings its refusal after our
// handshake is done, and an end that comes meanwhile hides it.
func (d diagnosis) clientFault(err error) Fault {
	switch {
	case d.endpoint.CertDir == "":
		return ""
	case refusesCertificate(err.Error()):
		if fault := d.material.clientFault(d.now); fault != "" {
			return fault
		}
		return ClientRefused
	case endsWithoutWord(err):
		return d.material.clientFault(d.now)
	}
	return ""
}

// refusals are the alerts of RFC 8446, section 6, that are about a certificate,
// as crypto/tls says them.
var refusals = []string{
	"bad certificate", "unsupported certificate", "revoked certificate", "expired certificate", "unknown certificate",
	"unknown certificate authority", "certificate required", "access denied",
}

func refusesCertificate(said string) bool {
	_, alert, ok := strings.Cut(said, "remote error: tls: ")
	if !ok {
		return false
	}
	for _, r := range refusals {
		if strings.HasPrefix(alert, r) {
			return true
		}
	}
	return false
}

// endsWithoutWord says whether the end may be about a certificate, or about
// something else.
func endsWithoutWord(err error) bool {
	return strings.Contains(err.Error(), "remote error: tls: handshake failure") || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}
