package dataplane

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/listener"
)

// handshake returns the state of a new TLS connection for a name.
func (r *rig) handshake(name string, change ...func(*tls.Config)) (tls.ConnectionState, error) {
	cfg := &tls.Config{ServerName: name, InsecureSkipVerify: true}
	for _, c := range change {
		c(cfg)
	}
	c, err := (&tls.Dialer{Config: cfg}).DialContext(r.Context(), "tcp", r.https)
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer c.Close()
	return c.(*tls.Conn).ConnectionState(), nil
}

// servedName returns the name in the certificate that a name is served with, or
// the error.
func (r *rig) servedName(name string) string {
	st, err := r.handshake(name)
	if err != nil {
		return err.Error()
	}
	return st.PeerCertificates[0].Subject.CommonName
}

const unrecognized = "remote error: tls: unrecognized name"

func TestUnknownNamesGetTheAlert(t *testing.T) {
	r := startRig(t)
	r.mount("c", "a.local")
	r.publish(snapshot.Snapshot{
		Routes:       []*snapshot.Route{terminated(routeTo("a.local", ""), "c")},
		Certificates: []snapshot.Certificate{certificateOf("c")},
	})
	r.loaded()
	if got := r.servedName("a.local"); got != "a.local" {
		t.Error(got)
	}
	for _, name := range []string{"b.local", ""} {
		if got := r.servedName(name); got != unrecognized {
			t.Errorf("%q: %s", name, got)
		}
	}
}

// clientHello returns the first bytes that a client sends.
func clientHello(t *testing.T, name string) []byte {
	t.Helper()
	client, server := net.Pipe()
	go func() { _ = tls.Client(client, &tls.Config{ServerName: name}).HandshakeContext(t.Context()) }()
	defer client.Close()
	b := make([]byte, 4096)
	n, err := server.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return b[:n]
}

func TestTheAlertIsTheseBytesAndNothingElse(t *testing.T) {
	r := startRig(t)
	c, err := net.Dial("tcp", r.https)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Write(clientHello(t, "nobody.local")); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, []byte{0x15, 3, 3, 0, 2, 2, 0x70}) || !bytes.Equal(got, listener.UnrecognizedName) {
		t.Errorf("% x %v", got, err)
	}
}

func TestPlainHTTPOnTheTLSPortIsToldSo(t *testing.T) {
	r := startRig(t)
	res, err := http.Get("http://" + r.https + "/")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusBadRequest {
		t.Error(res.Status)
	}
}

func TestVersionsAndProtocols(t *testing.T) {
	r := startRig(t)
	r.mount("c", "old.local", "new.local")
	fresh := terminated(routeTo("new.local", ""), "c")
	fresh.MinVersion = "1.3"
	r.publish(snapshot.Snapshot{
		Routes:       []*snapshot.Route{terminated(routeTo("old.local", ""), "c"), fresh},
		Certificates: []snapshot.Certificate{certificateOf("c")},
	})
	r.loaded()
	tls12 := func(c *tls.Config) { c.MaxVersion = tls.VersionTLS12 }
	tls11 := func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }
	if st, err := r.handshake("old.local", tls12); err != nil || st.Version != tls.VersionTLS12 {
		t.Error(st.Version, err)
	}
	if _, err := r.handshake("new.local", tls12); err == nil {
		t.Error("minVersion 1.3 was not kept")
	}
	if _, err := r.handshake("old.local", tls11); err == nil {
		t.Error("TLS 1.1 was accepted")
	}
	for _, offer := range [][]string{{"h2", "http/1.1"}, {"http/1.1"}} {
		if st, err := r.handshake("new.local", func(c *tls.Config) { c.NextProtos = offer }); err != nil || st.NegotiatedProtocol != offer[0] {
			t.Error(offer, st.NegotiatedProtocol, err)
		}
	}
}

func TestOfSeveralCertificatesTheClientGetsTheOneThatFits(t *testing.T) {
	r := startRig(t)
	chain, key := newCertificate(t, rsaKey(t), "rsa", "a.local")
	r.secrets.set("rsa.cert", chain)
	r.secrets.set("rsa.key", key)
	r.mount("ecdsa", "ecdsa", "a.local")
	r.publish(snapshot.Snapshot{
		Routes:       []*snapshot.Route{terminated(routeTo("a.local", ""), "ecdsa", "rsa")},
		Certificates: []snapshot.Certificate{certificateOf("ecdsa"), certificateOf("rsa")},
	})
	r.loaded()
	for want, suite := range map[string]uint16{"ecdsa": tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "rsa": tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256} {
		st, err := r.handshake("a.local", func(c *tls.Config) {
			c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{suite}
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := st.PeerCertificates[0].Subject.CommonName; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestAHostKeepsItsLastGoodCertificate(t *testing.T) {
	r := startRig(t)
	r.mount("old", "old", "a.local", "*.wild.local")
	served := func(certs ...string) snapshot.Snapshot {
		s := snapshot.Snapshot{Routes: []*snapshot.Route{terminated(routeTo("a.local", ""), certs...), terminated(routeTo("*.wild.local", ""), "old")}}
		for _, c := range certs {
			s.Certificates = append(s.Certificates, certificateOf(c))
		}
		if certs[0] != "old" {
			s.Certificates = append(s.Certificates, certificateOf("old"))
		}
		return s
	}
	r.publish(served("old"))
	r.loaded()
	state := func(id string) snapshot.CertificateReport {
		for _, c := range r.plane.Report().Certificates {
			if c.ID == id {
				return c
			}
		}
		return snapshot.CertificateReport{}
	}

	r.publish(served("new"))
	until(t, "it is asked for", func() bool { return strings.Contains(state("new").Message, "not mounted anywhere yet") })
	if got := r.servedName("a.local"); got != "old" {
		t.Error("while the new one is pending:", got)
	}
	r.secrets.set("bad.cert", []byte("garbage"))
	r.secrets.set("bad.key", []byte("garbage"))
	r.publish(served("bad"))
	until(t, "it is found invalid", func() bool { return state("bad").State == snapshot.CertificateInvalid })
	if got := r.servedName("a.local"); got != "old" {
		t.Error("while the new one is garbage:", got)
	}
	r.mountUntil("ended", time.Now().Add(-time.Minute), "ended", "a.local")
	r.mount("foreign", "foreign")
	for _, bad := range []string{"ended", "foreign"} {
		r.publish(served(bad))
		until(t, "it is loaded", func() bool { return state(bad).State == snapshot.CertificateLoaded })
		if got := r.servedName("a.local"); got != "old" {
			t.Errorf("while the new one is %s: %s", bad, got)
		}
	}
	r.mount("new", "new", "a.local")
	r.publish(served("new"))
	r.loaded()
	if got := r.servedName("a.local"); got != "new" {
		t.Error("when the new one is there:", got)
	}
	// A narrower host is served with what covered it, as long as it has nothing.
	s := served("new")
	s.Routes = append(s.Routes, terminated(routeTo("x.wild.local", ""), "never"), terminated(routeTo("other.local", ""), "never"))
	s.Certificates = append(s.Certificates, certificateOf("never"))
	r.publish(s)
	if got := r.servedName("x.wild.local"); got != "old" {
		t.Error("a narrower host:", got)
	}
	if got := r.servedName("other.local"); got != unrecognized {
		t.Error("a host that never had one:", got)
	}
}

func TestTheNewestGoodCertificateServes(t *testing.T) {
	r := startRig(t)
	r.mount("first", "first", "a.local")
	r.mount("second", "second", "a.local")
	r.mountUntil("ended", time.Now().Add(-time.Minute), "ended", "a.local")
	r.secrets.set("bad.cert", []byte("garbage"))
	r.secrets.set("bad.key", []byte("garbage"))
	serve := func(newest string, earlier ...string) {
		route := terminated(routeTo("a.local", ""), newest)
		route.Earlier = earlier
		s := snapshot.Snapshot{Routes: []*snapshot.Route{route}}
		for _, id := range append(earlier, newest) {
			s.Certificates = append(s.Certificates, certificateOf(id))
		}
		r.publish(s)
		until(t, "all are looked at", func() bool {
			return !slices.ContainsFunc(r.plane.Report().Certificates, func(c snapshot.CertificateReport) bool { return c.State == snapshot.CertificatePending })
		})
	}
	for _, c := range []struct {
		newest  string
		earlier []string
		want    string
	}{
		{"second", []string{"first"}, "second"},
		{"bad", []string{"second", "first"}, "second"},
		{"ended", []string{"bad", "first"}, "first"},
		{"ended", []string{"bad"}, "first"}, // which served last
	} {
		serve(c.newest, c.earlier...)
		if got := r.servedName("a.local"); got != c.want {
			t.Errorf("%s before %v: %s, want %s", c.newest, c.earlier, got, c.want)
		}
	}
}

func TestSessionsAreNotResumedUnderAnotherPolicy(t *testing.T) {
	r := startRig(t)
	r.mount("a", "a.local")
	r.mount("b", "b.local")
	s := snapshot.Snapshot{
		Routes:       []*snapshot.Route{terminated(routeTo("a.local", "o"), "a"), terminated(routeTo("b.local", "o"), "b")},
		Backends:     []snapshot.Backend{backendOf("o", origin(t, "hello", nil))},
		Certificates: []snapshot.Certificate{certificateOf("a"), certificateOf("b")},
	}
	r.publish(s)
	r.loaded()
	cache := tls.NewLRUClientSessionCache(8)
	// ask makes a new connection that presents the ticket of any earlier one.
	ask := func(name string) bool {
		c := r.client(func(tr *http.Transport) {
			tr.TLSClientConfig = &tls.Config{InsecureSkipVerify: true, ClientSessionCache: oneTicket{cache}, MaxVersion: tls.VersionTLS13}
		})
		res, err := c.Get("https://" + name + "/")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.TLS.DidResume
	}
	ask("a.local")
	if ask("b.local") {
		t.Error("a session of a.local was resumed for b.local")
	}
	ask("a.local")
	s.Routes[0].Rules[0].Name = "renamed"
	r.publish(s)
	if !ask("a.local") {
		t.Error("a publish that did not touch the certificate ended the sessions")
	}
}

// oneTicket is a session cache that has one place for all names.
type oneTicket struct{ tls.ClientSessionCache }

func (o oneTicket) Get(string) (*tls.ClientSessionState, bool) { return o.ClientSessionCache.Get("") }
func (o oneTicket) Put(_ string, s *tls.ClientSessionState)    { o.ClientSessionCache.Put("", s) }

func TestMisdirectedRequestsOnOneConnection(t *testing.T) {
	r := startRig(t)
	for _, id := range []string{"any", "second", "wild", "fourth"} {
		r.mount(id, id)
	}
	nothing := terminated(routeTo("*", "o"), "any")
	nothing.Rules[0].Matches = prefix("/nothing")
	r.publish(snapshot.Snapshot{
		Routes: []*snapshot.Route{
			terminated(routeTo("example.org", "o"), "any"), nothing, terminated(routeTo("second-example.org", "o"), "second"),
			terminated(routeTo("*.wildcard.org", "o"), "wild"), terminated(routeTo("fourth-example.wildcard.org", "o"), "fourth"),
		},
		Backends:     []snapshot.Backend{backendOf("o", origin(t, "hello", nil))},
		Certificates: []snapshot.Certificate{certificateOf("any"), certificateOf("fourth"), certificateOf("second"), certificateOf("wild")},
	})
	r.loaded()
	for _, c := range []struct {
		sni   string
		hosts map[string]int
	}{
		{"example.org", map[string]int{"example.org": 200, "second-example.org": 421, "unknown-example.org": 404}},
		{"second-example.org", map[string]int{"second-example.org": 200, "example.org": 421, "unknown-example.org": 421}},
		{"third-example.wildcard.org", map[string]int{"third-example.wildcard.org": 200, "fifth-example.wildcard.org": 200, "fourth-example.wildcard.org": 421}},
		{"fourth-example.wildcard.org", map[string]int{"fourth-example.wildcard.org": 200, "fifth-example.wildcard.org": 421}},
		{"unknown-example.org", map[string]int{"example.org": 200, "unknown-example.org": 404}},
	} {
		client := r.client(withHTTP2)
		for host, want := range c.hosts {
			req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://"+c.sni+"/", nil)
			req.Host = host
			res, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			res.Body.Close()
			if res.StatusCode != want || res.ProtoMajor != 2 {
				t.Errorf("SNI %s, Host %s: %s %d, want %d", c.sni, host, res.Proto, res.StatusCode, want)
			}
		}
	}
}

func TestAConnectionOutlivesItsCertificate(t *testing.T) {
	r := startRig(t)
	r.mount("old", "old")
	r.mount("new", "new")
	served := func(cert string) snapshot.Snapshot {
		return snapshot.Snapshot{
			Routes:       []*snapshot.Route{terminated(routeTo("a.local", "o"), cert), terminated(routeTo("b.local", "o"), cert)},
			Backends:     []snapshot.Backend{backendOf("o", origin(t, "hello", nil))},
			Certificates: []snapshot.Certificate{certificateOf(cert)},
		}
	}
	r.publish(served("old"))
	r.loaded()
	client := r.client(withHTTP2)
	ask := func(host string) *http.Response {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://a.local/", nil)
		req.Host = host
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	ask("a.local")
	r.publish(served("new"))
	r.loaded()
	for _, host := range []string{"a.local", "b.local"} {
		res := ask(host)
		if res.StatusCode != 200 || res.TLS.PeerCertificates[0].Subject.CommonName != "old" {
			t.Errorf("%s: %d on a connection with certificate %s", host, res.StatusCode, res.TLS.PeerCertificates[0].Subject.CommonName)
		}
	}
}

func TestHandshakeFailuresAreTheClients(t *testing.T) {
	r := startRig(t)
	r.mount("c", "a.local")
	r.publish(snapshot.Snapshot{
		Routes:       []*snapshot.Route{terminated(routeTo("a.local", ""), "c")},
		Certificates: []snapshot.Certificate{certificateOf("c")},
	})
	r.loaded()
	_, err := r.handshake("a.local", func(c *tls.Config) { c.InsecureSkipVerify = false })
	var unknown *tls.CertificateVerificationError
	if !errors.As(err, &unknown) || !errors.As(unknown.Err, new(x509.UnknownAuthorityError)) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.plane.Publish(ctx, &snapshot.Snapshot{}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
