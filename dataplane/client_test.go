package dataplane

import (
	"bytes"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fairlead.dev/fairlead/api/snapshot"
)

// bundle are the root and the one below it, as users name them.
func (a *authority) bundle() []byte {
	return append(a.pem(), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.middle.Raw})...)
}

// revoke is a list of the one below the root, in DER.
func (a *authority) revoke(next time.Time, revoked ...tls.Certificate) []byte {
	a.t.Helper()
	list := &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: time.Now().Add(-time.Hour), NextUpdate: next}
	for _, c := range revoked {
		leaf, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			a.t.Fatal(err)
		}
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: leaf.SerialNumber, RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.middle, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return der
}

// of is the certificate of a client.
func (a *authority) of(name string, change ...func(*x509.Certificate)) tls.Certificate {
	return a.leaf(append([]func(*x509.Certificate){func(c *x509.Certificate) {
		c.Subject = pkix.Name{CommonName: name, Organization: []string{"Ex, Inc."}}
	}}, change...)...)
}

// verified serves a.local to clients that auth lets in, b.local to everybody.
func verified(t testing.TB, auth snapshot.ClientAuth) snapshot.Snapshot {
	o := origin(t, "", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		var names []string
		for _, from := range []http.Header{r.Header, r.Trailer} {
			for name, values := range from {
				if len(values) > 0 && strings.Contains(strings.ReplaceAll(strings.ToLower(name), "_", "-"), "client-cert") {
					names = append(names, name)
				}
			}
		}
		slices.Sort(names)
		fmt.Fprintf(w, "%s|%s|%s", strings.Join(names, " "), r.Header.Get("X-Client-Cert-Subject"), r.Header.Get("Client-Cert"))
	})
	asks := terminated(routeTo("a.local", "o"), "c")
	asks.ClientAuth = &auth
	open := terminated(routeTo("b.local", "o"), "c")
	open.InClear = true
	s := snapshot.Snapshot{Routes: []*snapshot.Route{asks, open}, Backends: []snapshot.Backend{backendOf("o", o)}}
	for _, id := range auth.Authorities {
		s.Certificates = append(s.Certificates, snapshot.Certificate{ID: id, Name: id, CertSecret: id})
	}
	s.Certificates = append(s.Certificates, certificateOf("c"))
	for _, id := range auth.Revocations {
		s.Certificates = append(s.Certificates, snapshot.Certificate{ID: id, Name: id, CertSecret: id, Signers: auth.Authorities})
	}
	return s
}

func required(authorities ...string) snapshot.ClientAuth {
	return snapshot.ClientAuth{Required: true, Authorities: authorities}
}

// showing are clients that show a certificate, over HTTP/1.1 and HTTP/2.
func (r *rig) showing(change ...func(*tls.Config)) map[string]*http.Client {
	apply := func(tr *http.Transport) {
		for _, f := range change {
			f(tr.TLSClientConfig)
		}
	}
	return map[string]*http.Client{"HTTP/1.1": r.client(apply), "HTTP/2.0": r.client(withHTTP2, apply)}
}

func with(certs ...tls.Certificate) func(*tls.Config) {
	return func(c *tls.Config) { c.Certificates = certs }
}

func tls12(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }

func clientRig(t *testing.T, a *authority, change ...func(*Config)) *rig {
	r := securedRig(t, a, change...)
	r.mount("c", "a.local", "b.local")
	r.secrets.set("ca", a.bundle())
	return r
}

func TestClientsHaveToShowAGoodCertificate(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	registry := prometheus.NewRegistry()
	r := clientRig(t, a, func(c *Config) { c.Metrics = registry })
	revoked, good := a.of("revoked"), a.of("good")
	r.secrets.set("crl", pem.EncodeToMemory(&pem.Block{Type: "X509 CRL", Bytes: a.revoke(time.Now().Add(-time.Minute), revoked)}))
	auth := required("ca")
	auth.Revocations = []string{"crl"}
	r.publish(verified(t, auth))
	r.loaded()
	for name, certs := range map[string][]tls.Certificate{
		"none": nil, "a foreign one": {foreign.of("good")}, "a revoked one": {revoked},
		"one that has ended":   {a.of("old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) })},
		"one for servers only": {a.of("server", func(c *x509.Certificate) { c.ExtKeyUsage = c.ExtKeyUsage[:1] })},
		"its own": {func() tls.Certificate {
			chain, key := newCertificate(t, ecdsaKey(t), "self")
			c, _ := tls.X509KeyPair(chain, key)
			return c
		}()},
	} {
		for _, version := range []func(*tls.Config){tls12, func(*tls.Config) {}} {
			for protocol, c := range r.showing(with(certs...), version, func(c *tls.Config) { c.GetClientCertificate = always(certs) }) {
				if res, err := c.Get("https://a.local/"); err == nil {
					res.Body.Close()
					t.Errorf("%s over %s: %s", name, protocol, res.Status)
				} else if !isRefusal(err) {
					t.Errorf("%s over %s: %v", name, protocol, err)
				}
			}
		}
	}
	for protocol, c := range r.showing(with(good)) {
		want := `Client-Cert X-Client-Cert-Subject|CN=good,O=Ex\, Inc.|:` + base64.StdEncoding.EncodeToString(good.Certificate[0]) + ":"
		if status, body := get(t, c, "https://a.local/"); status != 200 || body != want {
			t.Errorf("%s: %d %s", protocol, status, body)
		}
	}
	if n := counted(t, registry, "fairlead_tls_handshakes_total", "client_certificate"); n != 24 {
		t.Errorf("%v handshakes are counted as failed for the certificate, want 24", n)
	}
}

// isRefusal says whether a client was refused. In TLS 1.3 it has made its handshake
// by then, and learns it in one of several ways.
func isRefusal(err error) bool {
	return slices.ContainsFunc([]string{"remote error: tls", "reset by peer", "broken pipe", "could not be established"}, func(what string) bool {
		return strings.Contains(err.Error(), what)
	})
}

// always shows a certificate even to who does not know its authority.
func always(certs []tls.Certificate) func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		if len(certs) == 0 {
			return &tls.Certificate{}, nil
		}
		return &certs[0], nil
	}
}

// counted is a counter of registry with a label of this value.
func counted(t testing.TB, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == name && len(m.GetLabel()) == 1 && m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}

func TestACertificateThatIsGivenIsVerified(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	r := clientRig(t, a)
	r.publish(verified(t, snapshot.ClientAuth{Authorities: []string{"ca"}}))
	r.loaded()
	for protocol, c := range r.showing() {
		if status, body := get(t, c, "https://a.local/"); status != 200 || body != "||" {
			t.Errorf("none over %s: %d %s", protocol, status, body)
		}
	}
	for protocol, c := range r.showing(with(a.of("x"))) {
		if status, body := get(t, c, "https://a.local/"); status != 200 || !strings.Contains(body, "|CN=x") {
			t.Errorf("a good one over %s: %d %s", protocol, status, body)
		}
	}
	bad := []tls.Certificate{foreign.of("x")}
	for protocol, c := range r.showing(func(c *tls.Config) { c.GetClientCertificate = always(bad) }) {
		if res, err := c.Get("https://a.local/"); err == nil {
			res.Body.Close()
			t.Errorf("a foreign one over %s: %s", protocol, res.Status)
		}
	}
}

func TestNobodyGetsInBeforeTheAuthoritiesAreThere(t *testing.T) {
	a := newAuthority(t)
	r := clientRig(t, a)
	cert := a.of("x")
	for name, auth := range map[string]snapshot.ClientAuth{
		"not there":               required("later"),
		"one of two is not there": required("ca", "later"),
		"does not resolve":        required("", "ca"),
		"the list is not there":   {Required: true, Authorities: []string{"ca"}, Revocations: []string{"later.crl"}},
		"verified if given":       {Authorities: []string{"later"}},
		"is none":                 required("c.key"),
	} {
		s := verified(t, auth)
		s.Certificates = slices.DeleteFunc(s.Certificates, func(c snapshot.Certificate) bool { return c.ID == "" })
		r.publish(s)
		until(t, "the certificate of the server is loaded", func() bool { return r.servedName("b.local") == "a.local" })
		if res, err := r.showing(with(cert), func(c *tls.Config) { c.GetClientCertificate = always([]tls.Certificate{cert}) })["HTTP/1.1"].Get("https://a.local/"); err == nil {
			res.Body.Close()
			t.Errorf("%s: %s", name, res.Status)
		}
	}
	r.publish(verified(t, required("later")))
	r.secrets.set("later", a.bundle())
	r.loaded()
	if status, body := get(t, r.showing(with(cert))["HTTP/2.0"], "https://a.local/"); status != 200 || !strings.Contains(body, "CN=x") {
		t.Error("when they are:", status, body)
	}
}

func TestARevocationListHasToBeOfTheAuthorities(t *testing.T) {
	a, foreign := newAuthority(t), newAuthority(t)
	r := clientRig(t, a)
	revoked := a.of("revoked")
	broken := a.revoke(time.Now().Add(time.Hour), revoked)
	broken[len(broken)-1] ^= 1
	for name, bytes := range map[string][]byte{"foreign": foreign.revoke(time.Now().Add(time.Hour), revoked), "broken": broken, "garbage": []byte("x")} {
		r.secrets.set(name, bytes)
		auth := required("ca")
		auth.Revocations = []string{name}
		r.publish(verified(t, auth))
		until(t, "it is found invalid", func() bool {
			return slices.ContainsFunc(r.plane.Report().Certificates, func(c snapshot.CertificateReport) bool {
				return c.ID == name && c.State == snapshot.CertificateInvalid && c.Message != ""
			})
		})
	}
}

func TestNobodyForgesAClientCertificate(t *testing.T) {
	a := newAuthority(t)
	r := clientRig(t, a)
	r.publish(verified(t, required("ca")))
	r.loaded()
	cert := a.of("me")
	clients := r.showing(with(cert))
	for name, url := range map[string]string{"HTTP/1.1": "http://b.local/", "HTTP/1.1 over TLS": "https://b.local/", "HTTP/2.0": "https://b.local/", "verified": "https://a.local/"} {
		body := io.NopCloser(strings.NewReader("body"))
		req, _ := http.NewRequestWithContext(t.Context(), "POST", url, body)
		req.Header = http.Header{
			"Client-Cert": {":eA==:", ":eQ==:"}, "client-cert": {":eA==:"}, "Client_cert": {":eA==:"}, "Client-Cert-Chain": {":eA==:"},
			"X-Client-Cert-Subject": {"CN=root"}, "X_CLIENT_CERT_SUBJECT": {"CN=root"}, "Connection": {"client-cert, X-Client-Cert-Subject"},
		}
		req.Trailer = http.Header{"X-Client-Cert-Subject": {"CN=root"}}
		c := clients["HTTP/1.1"]
		if name == "HTTP/2.0" {
			req.Header.Del("Connection")
			c = clients[name]
		}
		res, err := c.Do(req)
		if err != nil {
			t.Fatal(name, err)
		}
		got, _ := io.ReadAll(res.Body)
		res.Body.Close()
		want := "||"
		if name == "verified" {
			want = "Client-Cert X-Client-Cert-Subject|CN=me,O=Ex\\, Inc.|:" + base64.StdEncoding.EncodeToString(cert.Certificate[0]) + ":"
		}
		if res.StatusCode != 200 || string(got) != want {
			t.Errorf("%s: %d %s", name, res.StatusCode, got)
		}
	}
}

func TestRulesAndTheSubjectOfAClient(t *testing.T) {
	a := newAuthority(t)
	r := clientRig(t, a)
	s := verified(t, snapshot.ClientAuth{Authorities: []string{"ca"}})
	s.Routes[0].Rules[0].Matches[0].Headers = []snapshot.ValueMatch{{Type: snapshot.Exact, Name: "X-Client-Cert-Subject", Value: `CN=x\0D\0AX-Admin: \C3\BC,O=Ex\, Inc.`}}
	r.publish(s)
	r.loaded()
	for protocol, c := range r.showing(with(a.of("x\r\nX-Admin: ü"))) {
		if status, body := get(t, c, "https://a.local/"); status != 200 {
			t.Errorf("%s: %d %s", protocol, status, body)
		}
	}
	for protocol, c := range r.showing(with(a.of("y"))) {
		if status, body := get(t, c, "https://a.local/"); status != 404 {
			t.Errorf("another over %s: %d %s", protocol, status, body)
		}
	}
}

func TestAConnectionIsForHostsThatAskForTheSameClients(t *testing.T) {
	a := newAuthority(t)
	r := clientRig(t, a)
	r.secrets.set("other", newAuthority(t).bundle())
	s := verified(t, required("ca"))
	same, other := terminated(routeTo("same.local", "o"), "c"), terminated(routeTo("other.local", "o"), "c")
	auth, another := required("ca"), required("other")
	same.ClientAuth, other.ClientAuth = &auth, &another
	s.Routes = append(s.Routes, same, other)
	s.Certificates = append(s.Certificates, snapshot.Certificate{ID: "other", Name: "other", CertSecret: "other"})
	slices.SortFunc(s.Certificates, func(a, b snapshot.Certificate) int { return strings.Compare(a.ID, b.ID) })
	r.publish(s)
	r.loaded()
	for protocol, client := range r.showing(with(a.of("x"))) {
		for _, c := range []struct {
			sni, host string
			want      int
		}{
			{"a.local", "a.local", 200}, {"a.local", "same.local", 200}, {"a.local", "b.local", 421}, {"a.local", "other.local", 421},
			{"b.local", "b.local", 200}, {"b.local", "a.local", 421},
		} {
			if got := r.ask(client, c.sni, c.host); got != c.want {
				t.Errorf("%s, SNI %s, Host %s: %d, want %d", protocol, c.sni, c.host, got, c.want)
			}
		}
	}
	// Connections from before.
	clients := r.showing(with(a.of("x")))
	for _, c := range clients {
		r.ask(c, "a.local", "a.local")
		r.ask(c, "b.local", "b.local")
	}
	s.Routes[0].ClientAuth, s.Routes[1].ClientAuth = &another, &auth
	r.publish(s)
	for protocol, c := range clients {
		for _, host := range []string{"a.local", "b.local"} {
			if got := r.ask(c, host, host); got != 421 {
				t.Errorf("%s: %s on a connection from before: %d", protocol, host, got)
			}
		}
	}
}

// ask sends a request for a host on a connection for a name.
func (r *rig) ask(c *http.Client, sni, host string) int {
	r.Helper()
	req, _ := http.NewRequestWithContext(r.Context(), "GET", "https://"+sni+"/", nil)
	req.Host = host
	res, err := c.Do(req)
	if err != nil {
		r.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	res.Body.Close()
	return res.StatusCode
}

func TestTwoRoutesOfAHostMustBothBeMet(t *testing.T) {
	a, b := newAuthority(t), newAuthority(t)
	r := clientRig(t, a)
	r.secrets.set("both", append(a.bundle(), b.bundle()...))
	s := verified(t, required("both"))
	second := terminated(routeTo("a.local", "o"), "c")
	second.Key, second.ClientAuth = "second", &snapshot.ClientAuth{Authorities: []string{"ca"}}
	s.Routes = append(s.Routes, second)
	s.Certificates = append(s.Certificates, snapshot.Certificate{ID: "ca", Name: "ca", CertSecret: "ca"})
	slices.SortFunc(s.Certificates, func(a, b snapshot.Certificate) int { return strings.Compare(a.ID, b.ID) })
	r.publish(s)
	r.loaded()
	if status, body := get(t, r.showing(with(a.of("x")))["HTTP/2.0"], "https://a.local/"); status != 200 {
		t.Error("of both authorities:", status, body)
	}
	for name, certs := range map[string][]tls.Certificate{"of one": {b.of("x")}, "none": nil} {
		if res, err := r.showing(with(certs...))["HTTP/2.0"].Get("https://a.local/"); err == nil {
			res.Body.Close()
			t.Errorf("%s: %s", name, res.Status)
		}
	}
}

func TestSessionsOfClientsAreVerifiedToo(t *testing.T) {
	a := newAuthority(t)
	r := clientRig(t, a)
	cert := a.of("x")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cache := oneTicket{tls.NewLRUClientSessionCache(8)}
		resumed := func(host string) (bool, error) {
			c := r.client(func(tr *http.Transport) {
				tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, ClientSessionCache: cache, MaxVersion: version, Certificates: []tls.Certificate{cert}}
			})
			res, err := c.Get("https://" + host + "/")
			if err != nil {
				return false, err
			}
			defer res.Body.Close()
			body, _ := io.ReadAll(res.Body)
			if host == "a.local" && !bytes.Contains(body, []byte("|CN=x")) {
				t.Errorf("TLS %x: %s", version, body)
			}
			return res.TLS.DidResume, nil
		}
		r.publish(verified(t, required("ca")))
		r.loaded()
		for i, want := range []bool{false, true} {
			if got, err := resumed("a.local"); got != want || err != nil {
				t.Errorf("TLS %x, connection %d: resumed %t %v", version, i, got, err)
			}
		}
		if got, err := resumed("b.local"); got || err != nil { // which leaves its ticket in the cache
			t.Errorf("TLS %x: a session with a certificate was resumed where none is asked for: %t %v", version, got, err)
		}
		if got, err := resumed("a.local"); got || err != nil {
			t.Errorf("TLS %x: a session without a certificate was resumed where one is asked for: %t %v", version, got, err)
		}
		id := fmt.Sprint("ca", version)
		r.secrets.set(id, a.bundle())
		r.publish(verified(t, required(id)))
		r.loaded()
		if got, err := resumed("a.local"); got || err != nil {
			t.Errorf("TLS %x: a session from before another authority was resumed: %t %v", version, got, err)
		}
		crl := fmt.Sprint("crl", version)
		r.secrets.set(crl, a.revoke(time.Now().Add(time.Hour), cert))
		auth := required(id)
		auth.Revocations = []string{crl}
		r.publish(verified(t, auth))
		r.loaded()
		if _, err := resumed("a.local"); err == nil {
			t.Errorf("TLS %x: a session from before the revocation was resumed", version)
		}
	}
}
