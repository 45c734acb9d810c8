package swarm

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// tlsTransport speaks TLS as config says.
func tlsTransport(config *tls.Config) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{TLSClientConfig: config, DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second}
}

// tlsConfig is nil where there is no TLS. The client certificate and crl.pem are
// read anew for every connection, so that new files need no restart.
func (e endpoint) tlsConfig() (*tls.Config, error) {
	if e.CertDir == "" {
		return nil, nil
	}
	m, err := readMaterial(e.CertDir)
	if err != nil {
		return nil, err
	}
	if _, err := e.ownCertificate(); err != nil {
		return nil, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: e.SkipVerify} //nolint:gosec // what the user chose
	if len(m.authorities) > 0 {
		config.RootCAs = poolOf(m.authorities)
	}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return e.ownCertificate() }
	config.VerifyConnection = e.checkRevoked
	return config, nil
}

// ownCertificate is what is shown to the engine, whatever authorities it names:
// what it says to a foreign one tells more than what it says to none. It is
// empty where there is neither cert.pem nor key.pem.
func (e endpoint) ownCertificate() (*tls.Certificate, error) {
	cert, key := filepath.Join(e.CertDir, "cert.pem"), filepath.Join(e.CertDir, "key.pem")
	_, err1 := os.Stat(cert)
	_, err2 := os.Stat(key)
	if errors.Is(err1, fs.ErrNotExist) && errors.Is(err2, fs.ErrNotExist) {
		return &tls.Certificate{}, nil
	}
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("client certificate %s with key %s: %w: put the two that were made together there", cert, key, err)
	}
	return &pair, nil
}

// checkRevoked ends a connection whose certificates crl.pem revokes: the
// engine's, and ours, for dockerd knows of no list.
func (e endpoint) checkRevoked(state tls.ConnectionState) error {
	chain := state.PeerCertificates
	if e.Shown != nil {
		e.Shown.Store(chain[0])
	}
	m, err := readMaterial(e.CertDir)
	if err != nil || len(m.revoked) == 0 {
		return err
	}
	if fault := m.revocation(chain[0], ServerCertificateRevoked, chain[1:]...); fault != "" && !e.SkipVerify {
		return &TrustError{Fault: fault, Where: e.Host + ", " + certificateWords(chain[0])}
	}
	if len(m.own) == 0 {
		return nil
	}
	if fault := m.revocation(m.own[0], ClientCertificateRevoked, m.own[1:]...); fault != "" {
		return &TrustError{Fault: fault, Where: m.ownWords()}
	}
	return nil
}

// diagnose is err with what TLS has to do with it.
func (e endpoint) diagnose(err error) error {
	d := diagnosis{endpoint: e, now: time.Now()}
	if !strings.HasPrefix(e.Host, "tcp://") {
		return err
	}
	if e.CertDir != "" {
		m, unreadable := readMaterial(e.CertDir)
		if unreadable != nil {
			return errors.Join(err, unreadable)
		}
		d.material = m
	}
	return d.explain(err)
}
