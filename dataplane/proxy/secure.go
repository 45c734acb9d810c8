package proxy

import (
	"errors"
	"net"
	"net/http"

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
	if trust == nil || t.call.answered() || t.call.reused() || !isAlert(err) {
		return false
	}
	x.engine.cfg.Monitor.ConnectFailed(&t.endpoint.Health, t.endpoint.ID)
	if trust.Complain(err) {
		x.engine.cfg.Log.Warn("an endpoint refuses us", "backend", x.record.Backend, "endpoint", t.endpoint.ID, "error", err)
	}
	return true
}

// isAlert says whether err is an alert from the peer, as crypto/tls has it.
func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "remote error"
}
