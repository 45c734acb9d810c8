package proxy

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"slices"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/certificate"
)

// notConnected says what kind of failure it is that there is no connection.
func (x *exchange) notConnected(err error) failure {
	var why *certificate.UnusableError
	if !errors.As(err, &why) {
		return connect
	}
	x.pending = why.State == snapshot.CertificatePending
	x.engine.cfg.Log.Debug("the backend cannot be spoken to", "backend", x.record.Backend, "error", err)
	return unusable
}

func (x *exchange) replyUnusable() {
	if x.pending {
		x.reply(http.StatusServiceUnavailable, "the certificates for the backend have not come yet")
		return
	}
	x.reply(http.StatusBadGateway, "the certificates for the backend cannot be used")
}

// unwelcome says whether the Endpoint refused the handshake after it was done on
// our side: in TLS 1.3 it looks at our certificate only then. It has not read the
// request.
func (x *exchange) unwelcome(t *try, err error) bool {
	trust := t.endpoint.Backend.Trust
	if trust == nil || t.call.answered() || t.call.reused() {
		return false
	}
	var alert *net.OpError // as crypto/tls has one from the peer
	if !errors.As(err, &alert) || alert.Op != "remote error" || !isRefusal(alert.Err) {
		return false
	}
	x.engine.cfg.Monitor.ConnectFailed(&t.endpoint.Health, t.endpoint.ID)
	if trust.Complain(alert) {
		x.engine.cfg.Log.Warn("an endpoint refuses us", "backend", x.record.Backend, "endpoint", t.endpoint.ID, "error", alert)
	}
	return true
}

// refusals are the alerts of who does not like a certificate, or has none to look
// at (RFC 8446 section 6.2). Others may come when a request was read.
var refusals = []tls.AlertError{
	40,  // handshake_failure
	42,  // bad_certificate
	43,  // unsupported_certificate
	44,  // certificate_revoked
	45,  // certificate_expired
	46,  // certificate_unknown
	48,  // unknown_ca
	49,  // access_denied
	51,  // decrypt_error
	116, // certificate_required
}

// isRefusal compares words: the type of an alert is crypto/tls's own.
func isRefusal(err error) bool {
	return slices.ContainsFunc(refusals, func(a tls.AlertError) bool { return a.Error() == err.Error() })
}
