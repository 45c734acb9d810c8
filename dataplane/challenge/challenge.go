// Package challenge answers the authorities that look whether a host leads here
// before they make a certificate for it: HTTP-01 (RFC 8555 section 8.3) on the
// plain port, TLS-ALPN-01 (RFC 8737) on that for TLS. It answers what a Snapshot
// says and nothing else, so applications may have challenges of their own.
package challenge

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/listener"
)

// Prefix begins the path of each request for an HTTP-01 challenge.
const Prefix = "/.well-known/acme-challenge/"

// Answers are those of one Snapshot. The nil Answers have none.
type Answers struct {
	http map[string]string // key authorizations by host and path
	tls  map[string]*proof // by host
}

// proof is a certificate that is made when it is asked for.
type proof struct {
	authorization string
	once          sync.Once
	config        *tls.Config
}

// New returns the Answers for challenges, nil for none. What is the same in last
// is taken over.
func New(challenges []snapshot.Challenge, last *Answers) *Answers {
	if len(challenges) == 0 {
		return nil
	}
	a := &Answers{http: map[string]string{}, tls: map[string]*proof{}}
	for _, c := range challenges {
		if c.Type == snapshot.HTTP01 {
			a.http[c.Host+Prefix+c.Token] = c.KeyAuthorization
			continue
		}
		p := &proof{authorization: c.KeyAuthorization}
		if last != nil && last.tls[c.Host] != nil && last.tls[c.Host].authorization == c.KeyAuthorization {
			p = last.tls[c.Host]
		}
		a.tls[c.Host] = p
	}
	return a
}

// HTTP returns the key authorization that a request for a host, in lower case and
// without a port, and path is to be answered with.
func (a *Answers) HTTP(host, path string) (authorization string, ok bool) {
	if a == nil || !strings.HasPrefix(path, Prefix) {
		return "", false
	}
	authorization, ok = a.http[host+path]
	return authorization, ok
}

// TLS returns what a handshake is to be made with that asks for a challenge's
// certificate and nothing else; nil where it asks for something else, or for one
// that is not known.
func (a *Answers) TLS(h *listener.Hello) *tls.Config {
	if a == nil || !slices.Equal(h.Protocols, []string{acmez.ACMETLS1Protocol}) {
		return nil
	}
	p := a.tls[strings.ToLower(h.ServerName)]
	if p == nil {
		return nil
	}
	p.once.Do(func() { p.config = configOf(strings.ToLower(h.ServerName), p.authorization) })
	return p.config
}

// configOf shows a certificate of RFC 8737 section 3.
func configOf(host, authorization string) *tls.Config {
	cert, err := acmez.TLSALPN01ChallengeCert(acme.Challenge{
		Identifier: acme.Identifier{Type: "dns", Value: host}, KeyAuthorization: authorization,
	})
	if err != nil {
		return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return nil, fmt.Errorf("no certificate for the challenge of %s: %w", host, err)
		}}
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{acmez.ACMETLS1Protocol}, Certificates: []tls.Certificate{*cert}, SessionTicketsDisabled: true}
}
