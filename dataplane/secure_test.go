package dataplane

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
)

// authority signs certificates: a root, and one below it that does.
type authority struct {
	t            testing.TB
	root, middle *x509.Certificate
	key          crypto.Signer
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{t: t, key: ecdsaKey(t)}
	rootKey := ecdsaKey(t)
	root := &x509.Certificate{Subject: pkix.Name{CommonName: "root"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	a.root = a.sign(root, root, rootKey.Public(), rootKey)
	middle := &x509.Certificate{Subject: pkix.Name{CommonName: "middle"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign}
	a.middle = a.sign(middle, a.root, a.key.Public(), rootKey)
	return a
}

func (a *authority) sign(c, parent *x509.Certificate, key crypto.PublicKey, by crypto.Signer) *x509.Certificate {
	a.t.Helper()
	c.SerialNumber = big.NewInt(time.Now().UnixNano())
	c.NotBefore = time.Now().Add(-2 * time.Hour)
	if c.NotAfter.IsZero() {
		c.NotAfter = time.Now().Add(time.Hour)
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, key, by)
	if err != nil {
		a.t.Fatal(err)
	}
	signed, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return signed
}

// pem is the root, as users name it.
func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.root.Raw})
}

func (a *authority) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.root)
	return p
}

// leaf makes a certificate with its chain.
func (a *authority) leaf(change ...func(*x509.Certificate)) tls.Certificate {
	a.t.Helper()
	key := ecdsaKey(a.t)
	c := &x509.Certificate{DNSNames: []string{"api.internal"}, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}}
	for _, f := range change {
		f(c)
	}
	return tls.Certificate{Certificate: [][]byte{a.sign(c, a.middle, key.Public(), a.key).Raw, a.middle.Raw}, PrivateKey: key}
}

// secrets are the pair of a certificate in PEM.
func secretsOf(t testing.TB, c tls.Certificate) (chain, key []byte) {
	for _, der := range c.Certificate {
		chain = append(chain, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	}
	der, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return chain, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// secureOrigin is a backend over TLS that speaks protocols.
func secureOrigin(t testing.TB, cert tls.Certificate, h http.HandlerFunc, change ...func(*tls.Config)) *httptest.Server {
	t.Helper()
	if h == nil {
		h = func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s %s", r.Proto, r.TLS.ServerName)
		}
	}
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	for _, f := range change {
		f(s.TLS)
	}
	s.EnableHTTP2 = len(s.TLS.NextProtos) == 0
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func only1(c *tls.Config) { c.NextProtos = []string{"http/1.1"} }

// secured serves a.local, in the clear and over TLS, with a backend of servers,
// verified by the authority "ca".
func secured(change func(*snapshot.BackendTLS), servers ...*httptest.Server) snapshot.Snapshot {
	b := backendOf("o", servers...)
	b.Protocol, b.TLS = snapshot.HTTPS, &snapshot.BackendTLS{Hostname: "api.internal", Authorities: []string{"ca"}}
	if change != nil {
		change(b.TLS)
	}
	s := snapshot.Snapshot{Routes: []*snapshot.Route{terminated(routeTo("a.local", "o"), "c")}, Backends: []snapshot.Backend{b}}
	s.Routes[0].InClear = true
	s.Certificates = []snapshot.Certificate{certificateOf("c")}
	for _, id := range b.TLS.Authorities {
		c := snapshot.Certificate{ID: id, Name: id, CertSecret: id}
		if id == snapshot.SystemAuthorities {
			c.CertSecret = ""
		}
		s.Certificates = append(s.Certificates, c)
	}
	if b.TLS.Certificate != "" {
		s.Certificates = append(s.Certificates, certificateOf(b.TLS.Certificate))
	}
	return s
}

// securedRig is a rig with the root of a as the secret "ca".
func securedRig(t *testing.T, a *authority, change ...func(*Config)) *rig {
	r := startRig(t, change...)
	r.mount("c", "a.local")
	r.secrets.set("ca", a.pem())
	return r
}

func TestReEncryption(t *testing.T) {
	a := newAuthority(t)
	r := securedRig(t, a)
	cert := a.leaf()
	for protocol, s := range map[string]*httptest.Server{"HTTP/2.0": secureOrigin(t, cert, nil), "HTTP/1.1": secureOrigin(t, cert, nil, only1)} {
		r.publish(secured(nil, s))
		r.loaded()
		for name, c := range map[string]*http.Client{"http": r.client(), "h2c": r.client(withH2C), "https": r.client(), "h2": r.client(withHTTP2)} {
			url := map[string]string{"http": "http", "h2c": "http", "https": "https", "h2": "https"}[name] + "://a.local/"
			for range 3 {
				if status, body := get(t, c, url); status != 200 || body != protocol+" api.internal" {
					t.Errorf("%s from %s: %d %s", protocol, name, status, body)
				}
			}
		}
	}
}

func TestAnEndpointThatNobodyCanVerifyIsSpokenToWhereTheRouteSaysSo(t *testing.T) {
	nobodys := newAuthority(t).leaf(func(c *x509.Certificate) {
		c.DNSNames, c.NotAfter = []string{"else.where"}, time.Now().Add(-time.Minute)
	})
	origin := secureOrigin(t, nobodys, nil)
	for _, unverified := range []bool{false, true} {
		r := securedRig(t, newAuthority(t))
		r.publish(secured(func(tls *snapshot.BackendTLS) {
			if unverified {
				tls.Authorities, tls.Unverified = nil, true
			}
		}, origin))
		r.loaded()
		status, body := get(t, r.client(), "http://a.local/")
		if unverified && (status != http.StatusOK || body != "HTTP/2.0 api.internal") || !unverified && status != http.StatusBadGateway {
			t.Errorf("unverified: %v: %d %s", unverified, status, body)
		}
	}
}

func TestWhatIsNotVerifiedIsNotSpokenTo(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	spiffe := func(id string) func(*x509.Certificate) {
		u, _ := url.Parse("spiffe://" + id)
		return func(c *x509.Certificate) { c.URIs = []*url.URL{u} }
	}
	for name, tc := range map[string]struct {
		cert   tls.Certificate
		change func(*snapshot.BackendTLS)
		want   string // in the log; "" is 200
	}{
		"the name":                  {cert: a.leaf()},
		"another name":              {a.leaf(), func(b *snapshot.BackendTLS) { b.Hostname = "other.internal" }, "certificate is valid for api.internal, not other.internal"},
		"expired":                   {a.leaf(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }), nil, "certificate has expired"},
		"another authority":         {other.leaf(), nil, "signed by unknown authority"},
		"another authority by name": {other.leaf(), func(b *snapshot.BackendTLS) { b.AltNames = []string{"api.internal"} }, "signed by unknown authority"},
		"for clients only":          {a.leaf(func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[1:] }), nil, "incompatible key usage"},
		"another of the names": {a.leaf(), func(b *snapshot.BackendTLS) {
			b.Hostname, b.AltNames = "sni.internal", []string{"x.internal", "api.internal"}
		}, ""},
		"none of the names":       {a.leaf(), func(b *snapshot.BackendTLS) { b.AltNames = []string{"x.internal", "spiffe://a/b"} }, "holds none of the names x.internal, spiffe://a/b"},
		"the URI":                 {a.leaf(spiffe("a/b")), func(b *snapshot.BackendTLS) { b.AltNames = []string{"spiffe://a/b"} }, ""},
		"another URI":             {a.leaf(spiffe("a/c")), func(b *snapshot.BackendTLS) { b.AltNames = []string{"spiffe://a/b"} }, "holds none of the names"},
		"no name but the address": {a.leaf(func(c *x509.Certificate) { c.IPAddresses = []net.IP{net.IPv4(127, 0, 0, 1)} }), func(b *snapshot.BackendTLS) { b.Hostname = "" }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			log := &lockedBuffer{}
			r := securedRig(t, a, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
			var asked atomic.Int64
			r.publish(secured(tc.change, secureOrigin(t, tc.cert, func(http.ResponseWriter, *http.Request) { asked.Add(1) })))
			for range 3 {
				status, _ := get(t, r.client(), "http://a.local/")
				if want := map[bool]int{true: 200, false: 502}[tc.want == ""]; status != want {
					t.Fatalf("%d, want %d\n%s", status, want, log)
				}
			}
			if n := strings.Count(log.String(), "no TLS with an endpoint"); tc.want == "" && n != 0 || tc.want != "" && n != 1 {
				t.Errorf("it was told %d times", n)
			}
			if !strings.Contains(log.String(), tc.want) || tc.want != "" && asked.Load() != 0 {
				t.Errorf("asked %d times, and the log says\n%s", asked.Load(), log)
			}
		})
	}
}

func TestAnEndpointThatFailsTheHandshakeIsPassedOver(t *testing.T) {
	a := newAuthority(t)
	r := securedRig(t, a)
	r.publish(secured(nil, secureOrigin(t, newAuthority(t).leaf(), nil), secureOrigin(t, a.leaf(), nil)))
	for range 4 {
		if status, body := get(t, r.client(), "http://a.local/"); status != 200 {
			t.Error(status, body)
		}
	}
	if got := fmt.Sprint(r.plane.Report().Ejected); got != "[o0]" {
		t.Error("ejected:", got)
	}
}

func TestAnEndpointThatDoesNotSpeakTLSIsPassedOver(t *testing.T) {
	a := newAuthority(t)
	r := securedRig(t, a)
	r.publish(secured(nil, origin(t, "plain", nil), secureOrigin(t, a.leaf(), nil)))
	for range 4 {
		if status, body := get(t, r.client(), "http://a.local/"); status != 200 {
			t.Error(status, body)
		}
	}
}

func TestAnEndpointIsShownOurCertificate(t *testing.T) {
	a := newAuthority(t)
	chain, key := secretsOf(t, a.leaf(func(c *x509.Certificate) { c.Subject.CommonName = "fairlead" }))
	demands := func(c *tls.Config) { c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, a.pool() }
	of12 := func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }
	h := func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, r.TLS.PeerCertificates[0].Subject.CommonName)
	}
	for name, tc := range map[string]struct {
		change  []func(*tls.Config)
		refusal string // in the log
	}{
		"HTTP/2":                {[]func(*tls.Config){demands}, "certificate required"},
		"HTTP/1.1":              {[]func(*tls.Config){demands, only1}, "certificate required"},
		"HTTP/1.1 over TLS 1.2": {[]func(*tls.Config){demands, only1, of12}, "handshake failure"},
	} {
		t.Run(name, func(t *testing.T) {
			log := &lockedBuffer{}
			r := securedRig(t, a, func(c *Config) { c.Logger = slog.New(slog.NewTextHandler(log, nil)) })
			r.secrets.set("shown.cert", chain)
			r.secrets.set("shown.key", key)
			s := secureOrigin(t, a.leaf(), h, tc.change...)
			r.publish(secured(func(b *snapshot.BackendTLS) { b.Certificate = "shown" }, s))
			if status, body := get(t, r.client(), "http://a.local/"); status != 200 || body != "fairlead" {
				t.Error(status, body)
			}
			bare := secured(nil, s)
			bare.Backends[0].ID, bare.Routes[0].Rules[0].Backends[0].Backend = "bare", "bare"
			r.publish(bare)
			for range 3 {
				if status, body := get(t, r.client(), "http://a.local/"); status != 502 {
					t.Error("without a certificate:", status, body)
				}
			}
			if n := strings.Count(log.String(), tc.refusal); n != 1 || len(r.plane.Report().Ejected) != 1 {
				t.Errorf("it was told %d times, ejected %v:\n%s", n, r.plane.Report().Ejected, log)
			}
		})
	}
}

func TestABackendWhoseCertificatesAreWrongHurtsNoOther(t *testing.T) {
	a := newAuthority(t)
	log := &lockedBuffer{}
	r := securedRig(t, a, func(c *Config) {
		c.Logger, c.DialTimeout = slog.New(slog.NewTextHandler(log, nil)), 50*time.Millisecond
	})
	s := secured(nil, secureOrigin(t, a.leaf(), nil))
	add := func(host, ca string) {
		b := s.Backends[0]
		b.ID, b.TLS = host, &snapshot.BackendTLS{Hostname: "api.internal", Authorities: []string{ca}}
		s.Backends = append(s.Backends, b)
		s.Routes = append(s.Routes, routeTo(host, host))
		s.Certificates = append(s.Certificates, snapshot.Certificate{ID: ca, Name: ca, CertSecret: ca})
	}
	r.secrets.set("garbage", []byte("garbage"))
	r.secrets.set("broken", bytes.Replace(a.pem(), []byte("MII"), []byte("NII"), 1))
	add("garbage.local", "garbage")
	add("broken.local", "broken")
	add("late.local", "late")
	r.publish(s)
	for host, want := range map[string]int{"a.local": 200, "garbage.local": 502, "broken.local": 502, "late.local": 503} {
		if status, body := get(t, r.client(), "http://"+host+"/"); status != want {
			t.Errorf("%s: %d %s", host, status, body)
		}
	}
	if len(r.plane.Report().Ejected) > 0 {
		t.Error("the Endpoints are not to blame")
	}
	states := map[string]snapshot.CertificateState{}
	for _, c := range r.plane.Report().Certificates {
		states[c.ID] = c.State
	}
	if got := fmt.Sprint(states); got != "map[broken:Invalid c:Loaded ca:Loaded garbage:Invalid late:Pending]" {
		t.Error(got)
	}
	if !strings.Contains(log.String(), "certificate is invalid") {
		t.Error(log)
	}
	r.secrets.set("late", a.pem())
	until(t, "what came late is used", func() bool { status, _ := get(t, r.client(), "http://late.local/"); return status == 200 })
}

func TestARequestWaitsForCertificatesThatAreOnTheirWay(t *testing.T) {
	a := newAuthority(t)
	r := startRig(t, func(c *Config) { c.DialTimeout = patience })
	r.publish(secured(nil, secureOrigin(t, a.leaf(), nil)))
	got := make(chan int)
	go func() {
		status, _ := get(t, r.client(), "http://a.local/")
		got <- status
	}()
	until(t, "the secret is asked for", func() bool {
		r.secrets.mu.Lock()
		defer r.secrets.mu.Unlock()
		return r.secrets.asked["ca"] > 0
	})
	r.secrets.set("ca", a.pem())
	if status := <-got; status != 200 {
		t.Error(status)
	}
}

func TestSessionsWithEndpointsAreResumed(t *testing.T) {
	a := newAuthority(t)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		r := securedRig(t, a)
		closing := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Connection", "close")
			fmt.Fprint(w, r.TLS.DidResume)
		}
		at := func(c *tls.Config) { c.MinVersion, c.MaxVersion = version, version }
		r.publish(secured(nil, secureOrigin(t, a.leaf(), closing, only1, at)))
		for i, want := range []string{"false", "true", "true"} {
			if status, body := get(t, r.client(), "http://a.local/"); status != 200 || body != want {
				t.Errorf("connection %d: %d %s", i, status, body)
			}
		}
	}
}

// TestBodiesBothWays carries bodies of many sizes to Endpoints over TLS.
func TestBodiesBothWays(t *testing.T) {
	a := newAuthority(t)
	r := securedRig(t, a)
	h := func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/length" {
			w.Header().Set("Content-Length", fmt.Sprint(len(b)))
		}
		for len(b) > 0 {
			n, _ := w.Write(b[:min(len(b), 5000)])
			b = b[n:]
		}
	}
	for _, s := range []*httptest.Server{secureOrigin(t, a.leaf(), h), secureOrigin(t, a.leaf(), h, only1)} {
		r.publish(secured(nil, s))
		r.loaded()
		for _, c := range []*http.Client{r.client(), r.client(withH2C)} {
			for _, size := range []int{0, 1, 16 << 10, 100_000, 3 << 20} {
				for _, path := range []string{"length", "chunks"} {
					body := bytes.Repeat([]byte("0123456789abcdef"), size/16+1)[:size]
					res, err := c.Post("http://a.local/"+path, "", bytes.NewReader(body))
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(res.Body)
					res.Body.Close()
					if err != nil || !bytes.Equal(got, body) {
						t.Errorf("%s of %d: %d bytes came back, %v", path, size, len(got), err)
					}
				}
			}
		}
		r.publish(snapshot.Snapshot{})
	}
}

func TestAnUpgradeGoesToAnEndpointThatSpeaksHTTP2Too(t *testing.T) {
	a := newAuthority(t)
	r := securedRig(t, a)
	r.publish(secured(nil, secureOrigin(t, a.leaf(), func(w http.ResponseWriter, req *http.Request) {
		if req.Header.Get("Upgrade") == "" {
			fmt.Fprint(w, req.Proto)
			return
		}
		websocketOrigin(w, req)
	})))
	if _, body := get(t, r.client(), "http://a.local/"); body != "HTTP/2.0" {
		t.Error(body)
	}
	c, err := net.Dial("tcp", r.http)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	l := upgrade(t, c)
	for i := range 3 {
		fmt.Fprintf(c, "hello %d\n", i)
		l.expect(t, fmt.Sprint("hello ", i))
	}
	_ = c.(*net.TCPConn).CloseWrite()
	l.expect(t, "goodbye")
	if _, err := l.ReadByte(); err != io.EOF {
		t.Error(err)
	}
}

func TestTrailersOverTLS(t *testing.T) {
	a := newAuthority(t)
	r := securedRig(t, a)
	for _, change := range [][]func(*tls.Config){nil, {only1}} {
		r.publish(secured(nil, secureOrigin(t, a.leaf(), func(w http.ResponseWriter, req *http.Request) {
			w.Header().Set("Trailer", "Grpc-Status")
			fmt.Fprint(w, req.Header.Get("Te"))
			w.(http.Flusher).Flush()
			w.Header().Set("Grpc-Status", "0")
		}, change...)))
		for _, c := range []*http.Client{r.client(), r.client(withH2C)} {
			req := request(t, "POST", "http://a.local/", "body")
			req.Header.Set("Te", "trailers")
			res, err := c.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || string(b) != "trailers" || res.Trailer.Get("Grpc-Status") != "0" {
				t.Errorf("%q %v %v", b, res.Trailer, err)
			}
		}
		r.publish(snapshot.Snapshot{})
	}
}
