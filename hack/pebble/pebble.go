// Package pebble runs a real ACME authority for tests: Let's Encrypt's Pebble, in
// this process, with a DNS server that it looks hosts up in. It validates as the
// real one does, at ports that the test says.
package pebble

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// Options are what an Authority can be told.
type Options struct {
	// Address is where it listens; 127.0.0.1 by default.
	Address string
	// HTTPPort and TLSPort are where it looks for answers.
	HTTPPort, TLSPort int
	// Lifetime of its certificates in seconds; 0 is 90 days.
	Lifetime uint64
	// External are the keys of accounts elsewhere, in base64url, by their ID. Where
	// there are any, each account has to be bound.
	External map[string]string
	// Keys sign updates of the DNS, in base64 by name, which ends with a dot; without
	// any they need no signature.
	Keys map[string]string
	// RejectNonces is how many of a hundred nonces it does not take.
	RejectNonces int
}

// Authority is a Pebble.
type Authority struct {
	// Directory is its URL.
	Directory string
	// Server is the PEM of who signed its own certificate, Root that of who signs
	// what it makes.
	Server, Root string
	// DNS is what it asks.
	DNS *DNS

	mu      sync.Mutex // guards following
	refusal *Refusal
	orders  int
}

// Refusal is what the authority says to each new order instead of taking it.
type Refusal struct {
	Status     int
	Type       string // without the prefix
	Detail     string
	RetryAfter time.Duration
}

// Start starts an Authority that ends with the test.
func Start(t *testing.T, o Options) *Authority {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", fmt.Sprint(o.RejectNonces))
	if o.Address == "" {
		o.Address = "127.0.0.1"
	}
	logger := log.New(io.Discard, "", 0)
	a := &Authority{DNS: startDNS(t, o.Address, o.Keys)}
	store := db.NewMemoryStore()
	for id, key := range o.External {
		if err := store.AddExternalAccountKeyByID(id, key); err != nil {
			t.Fatal(err)
		}
	}
	profiles := map[string]ca.Profile{"default": {Description: "all there is", ValidityPeriod: o.Lifetime}}
	issuer := ca.New(logger, store, "", "ecdsa", 0, 1, profiles)
	validator := va.New(logger, o.HTTPPort, o.TLSPort, true, a.DNS.Address, store)
	front := wfe.New(logger, store, validator, issuer, []string{"pebble.test"}, true, len(o.External) > 0, 1, 1)
	handler := front.Handler()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !a.refuses(w, r) {
			handler.ServeHTTP(w, r)
		}
	}))
	listener, err := net.Listen("tcp", net.JoinHostPort(o.Address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server.Listener.Close()
	server.Listener = listener
	pair, signer := newServerCertificate(t, o.Address)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
	server.Config.ErrorLog = logger
	server.StartTLS()
	t.Cleanup(server.Close)
	a.Server = signer
	a.Root = string(issuer.GetRootCert(0).PEM())
	a.Directory = "https://" + listener.Addr().String() + wfe.DirectoryPath
	return a
}

// Refuse has the authority refuse new orders; nil ends it.
func (a *Authority) Refuse(r *Refusal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refusal = r
}

// Orders is how many there were, with those that were refused.
func (a *Authority) Orders() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.orders
}

// Roots trust the Server.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(a.Server))
	return pool
}

const orderPath = "/order-plz"

func (a *Authority) refuses(w http.ResponseWriter, r *http.Request) bool {
	if r.URL.Path != orderPath {
		return false
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.orders++
	no := a.refusal
	if no == nil {
		return false
	}
	if no.RetryAfter > 0 {
		w.Header().Set("Retry-After", fmt.Sprint(int(no.RetryAfter/time.Second)))
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(no.Status)
	fmt.Fprintf(w, `{"type":"urn:ietf:params:acme:error:%s","detail":%q,"status":%d}`, no.Type, no.Detail, no.Status)
	return true
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
