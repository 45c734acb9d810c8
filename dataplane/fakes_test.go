package dataplane

import (
	"bufio"
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// patience is how long tests wait for what has to come.
const patience = 20 * time.Second

// fakeSecrets are secrets in memory.
type fakeSecrets struct {
	mu    sync.Mutex
	bytes map[string][]byte
	asked map[string]int
}

func (f *fakeSecrets) Secret(_ context.Context, id string) ([]byte, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[id]++
	if b, ok := f.bytes[id]; ok {
		return b, nil
	}
	return nil, errors.New("not mounted anywhere yet")
}

func (f *fakeSecrets) set(id string, b []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.bytes[id] = b
}

// rig is a running Plane.
type rig struct {
	*testing.T
	plane       *Plane
	secrets     *fakeSecrets
	http, https string
	log         *lockedBuffer
	stop        func() error
}

// lockedBuffer is an access log that can be read while it is written.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func listenLocal(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func startRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	r := &rig{T: t, secrets: &fakeSecrets{bytes: map[string][]byte{}, asked: map[string]int{}}, log: &lockedBuffer{}}
	cfg := Config{
		Name: "test", HTTPListener: listenLocal(t), HTTPSListener: listenLocal(t),
		Secrets: r.secrets, AccessLog: r.log, DrainTimeout: patience,
	}
	for _, c := range change {
		c(&cfg)
	}
	r.http, r.https = cfg.HTTPListener.Addr().String(), cfg.HTTPSListener.Addr().String()
	var err error
	if r.plane, err = New(cfg); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 1)
	go func() { ran <- r.plane.Run(ctx) }()
	r.stop = sync.OnceValue(func() error {
		cancel()
		return <-ran
	})
	t.Cleanup(func() {
		if err := r.stop(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// publish serves s. Its Routes may be changed and published again.
func (r *rig) publish(s snapshot.Snapshot) {
	r.Helper()
	s.Routes = slices.Clone(s.Routes)
	for i := range s.Routes {
		s.Routes[i] = copyOf(s.Routes[i])
	}
	if err := r.plane.Publish(r.Context(), s.Seal()); err != nil {
		r.Fatal(err)
	}
}

// until waits for a condition.
func until(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !cond(); {
		if time.Now().After(end) {
			t.Fatalf("waited in vain: %s", what)
		}
		time.Sleep(2 * time.Millisecond)
	}
}

// loaded waits until all certificates are.
func (r *rig) loaded() {
	r.Helper()
	until(r, "all certificates are loaded", func() bool {
		for _, c := range r.plane.Report().Certificates {
			if c.State != snapshot.CertificateLoaded {
				return false
			}
		}
		return true
	})
}

// client speaks to the Plane as if every name were its.
func (r *rig) client(change ...func(*http.Transport)) *http.Client {
	tr := &http.Transport{
		DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
			to := r.http
			if strings.HasSuffix(addr, ":443") {
				to = r.https
			}
			return new(net.Dialer).DialContext(ctx, network, to)
		},
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
	}
	for _, c := range change {
		c(tr)
	}
	r.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func withHTTP2(tr *http.Transport) { tr.ForceAttemptHTTP2 = true }

func withH2C(tr *http.Transport) {
	tr.Protocols = new(http.Protocols)
	tr.Protocols.SetUnencryptedHTTP2(true)
}

// get returns status and body.
func get(t testing.TB, c *http.Client, url string) (int, string) {
	t.Helper()
	res, err := c.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// origin is a backend that says its name, unless it has a handler.
func origin(t testing.TB, name string, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	if h == nil {
		h = func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, name) }
	}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func h2cOrigin(t testing.TB, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

func backendOf(id string, servers ...*httptest.Server) snapshot.Backend {
	b := snapshot.Backend{ID: id, Name: id}
	for i, s := range servers {
		b.Endpoints = append(b.Endpoints, snapshot.Endpoint{ID: fmt.Sprint(id, i), Address: s.Listener.Addr().String()})
	}
	return b
}

// closedAddress is an address where nobody listens.
func closedAddress(t testing.TB) string {
	l := listenLocal(t)
	defer l.Close()
	return l.Addr().String()
}

func prefix(p string) []snapshot.Match {
	return []snapshot.Match{{Path: snapshot.PathMatch{Type: snapshot.PathPrefix, Value: p}}}
}

// routeTo is a Route with one Rule to one Backend.
func routeTo(host, backend string) *snapshot.Route {
	return &snapshot.Route{Key: host, Hosts: []string{host}, Rules: []snapshot.Rule{{
		Name: "0", Matches: prefix("/"), Backends: []snapshot.BackendRef{{Backend: backend, Weight: 1}},
	}}}
}

func terminated(r *snapshot.Route, certs ...string) *snapshot.Route {
	r = copyOf(r)
	r.TLS, r.Certificates = snapshot.TLSTerminate, certs
	return r
}

// copyOf is a Route that can be changed, while r stays what it is.
func copyOf(r *snapshot.Route) *snapshot.Route {
	other := *r
	return &other
}

func certificateOf(id string) snapshot.Certificate {
	return snapshot.Certificate{ID: id, Name: id, CertSecret: id + ".cert", KeySecret: id + ".key"}
}

// newCertificate makes a self-signed certificate in PEM.
func newCertificate(t testing.TB, key crypto.Signer, names ...string) (chain, keyPEM []byte) {
	t.Helper()
	return newCertificateUntil(t, time.Now().Add(time.Hour), key, names...)
}

func newCertificateUntil(t testing.TB, end time.Time, key crypto.Signer, names ...string) (chain, keyPEM []byte) {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: names[0]}, DNSNames: names,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: end, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	k, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: k})
}

func ecdsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaKey(t testing.TB) crypto.Signer {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// mount makes the secrets of a certificate available.
func (r *rig) mount(id string, names ...string) {
	r.Helper()
	r.mountUntil(id, time.Now().Add(time.Hour), names...)
}

func (r *rig) mountUntil(id string, end time.Time, names ...string) {
	r.Helper()
	chain, key := newCertificateUntil(r, end, ecdsaKey(r), names...)
	r.secrets.set(id+".cert", chain)
	r.secrets.set(id+".key", key)
}

// echo answers each line with the same line, until it is shut.
func echo(c io.ReadWriter) {
	for s := bufio.NewScanner(c); s.Scan(); {
		fmt.Fprintln(c, s.Text())
	}
}
