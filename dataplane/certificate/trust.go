package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"slices"
	"sync/atomic"

	"fairlead.dev/fairlead/api/snapshot"
)

// mostSessions bounds the sessions that are kept for the Endpoints of a Backend.
const mostSessions = 256

// Trust is what connections to the Endpoints of a Backend are made with. It
// outlives publishes, as its Backend does, and with it the sessions.
type Trust struct {
	spec        snapshot.BackendTLS
	authorities []*Entry
	// shown is what Endpoints are shown; nil is nothing.
	shown    *Entry
	sessions tls.ClientSessionCache
	// config is made when everything is loaded.
	config atomic.Pointer[tls.Config]
	// complaint is what is wrong with the Endpoints, as it was told last.
	complaint atomic.Pointer[string]
}

// NewTrust returns the Trust for spec with the Entries of the Store, which have
// to be synced with the Snapshot of spec.
func (s *Store) NewTrust(spec *snapshot.BackendTLS) *Trust {
	t := &Trust{sessions: tls.NewLRUClientSessionCache(mostSessions)}
	t.spec = snapshot.BackendTLS{Hostname: spec.Hostname, AltNames: slices.Clone(spec.AltNames), Unverified: spec.Unverified}
	for _, id := range spec.Authorities {
		t.authorities = append(t.authorities, s.entry(id))
	}
	if spec.Certificate != "" {
		t.shown = s.entry(spec.Certificate)
	}
	return t
}

// entry returns the Entry of an ID, one that is never loaded where there is none.
func (s *Store) entry(id string) *Entry {
	if e := s.Entry(id); e != nil {
		return e
	}
	return newEntry(snapshot.Certificate{ID: id, Name: id})
}

// UnusableError says why no connection can be made to any Endpoint.
type UnusableError struct {
	// State is Pending or Invalid.
	State   snapshot.CertificateState
	Message string
}

func (e *UnusableError) Error() string { return e.Message }

// Protocols that are offered to Endpoints (RFC 7301).
var (
	// Any leaves the choice to the Endpoint.
	Any = []string{"h2", "http/1.1"}
	// Only1 is for what HTTP/2 cannot do.
	Only1 = []string{"http/1.1"}
)

// Config returns what a handshake with an Endpoint is made with, whose address
// has host. What is not loaded yet is waited for as long as ctx lasts; after that,
// and where it is invalid, the error is an *UnusableError.
func (t *Trust) Config(ctx context.Context, address, host string, protocols []string) (*tls.Config, error) {
	base := t.config.Load()
	if base == nil {
		var err error
		if base, err = t.make(ctx); err != nil {
			return nil, err
		}
		t.config.Store(base)
	}
	c := base.Clone()
	if c.ServerName == "" {
		c.ServerName = host
	}
	c.NextProtos = protocols
	c.ClientSessionCache = sessionsOf{t.sessions, address}
	return c, nil
}

// make makes the config that all Endpoints share.
func (t *Trust) make(ctx context.Context) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.spec.Hostname, DynamicRecordSizingDisabled: true}
	roots, err := t.roots(ctx)
	if err != nil {
		return nil, err
	}
	c.RootCAs = roots
	if t.shown != nil {
		st, err := t.shown.await(ctx)
		if err != nil {
			return nil, err
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return st.cert, nil }
	}
	switch {
	case t.spec.Unverified:
		c.InsecureSkipVerify = true // as the Route says
	case len(t.spec.AltNames) > 0:
		c.InsecureSkipVerify = true // the chain is verified by verify, and the names too
		c.VerifyConnection = func(s tls.ConnectionState) error { return verify(s, roots, t.spec.AltNames) }
	}
	return c, nil
}

func (t *Trust) roots(ctx context.Context) (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for _, e := range t.authorities {
		st, err := e.await(ctx)
		if err != nil {
			return nil, err
		}
		if st.system != nil {
			return st.system, nil
		}
		for _, a := range st.authorities {
			pool.AddCert(a)
		}
	}
	return pool, nil
}

// await returns the state of an Entry when it is Loaded.
func (e *Entry) await(ctx context.Context) (*state, error) {
	select {
	case <-e.settled:
	case <-ctx.Done():
	}
	st := e.state.Load()
	if st.report.State != snapshot.CertificateLoaded {
		return nil, &UnusableError{st.report.State, "certificate " + e.spec.Name + ": " + st.report.Message}
	}
	return st, nil
}

// Complain says whether it is new what an Endpoint does wrong, and so to be told.
func (t *Trust) Complain(err error) bool {
	what := err.Error()
	last := t.complaint.Swap(&what)
	return last == nil || *last != what
}

// Withdraw says that an Endpoint has answered: the next complaint is a new one.
func (t *Trust) Withdraw() {
	if t.complaint.Load() != nil {
		t.complaint.Store(nil)
	}
}

// sessionsOf are the sessions with one Endpoint: another's it could not resume.
type sessionsOf struct {
	tls.ClientSessionCache
	address string
}

func (s sessionsOf) Get(key string) (*tls.ClientSessionState, bool) {
	return s.ClientSessionCache.Get(s.address + " " + key)
}

func (s sessionsOf) Put(key string, state *tls.ClientSessionState) {
	s.ClientSessionCache.Put(s.address+" "+key, state)
}
