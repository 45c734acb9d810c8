package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/routing"
)

// certificateFor returns a certificate of a key.
func certificateFor(t testing.TB, key crypto.Signer, name string) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Unix(0, 0), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func ecdsaCertificate(t testing.TB, name string) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certificateFor(t, key, name)
}

func rsaCertificate(t testing.TB, name string) *tls.Certificate {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return certificateFor(t, key, name)
}

// policyOf returns the Policy of a data plane of its own, whose clock is at now.
// Where a certificate is nil it is not loaded.
func policyOf(key string, now *time.Time, certs ...*tls.Certificate) *Policy {
	s := NewStore(nil, func() {}, nil)
	s.now = func() time.Time { return *now }
	p := &routing.Policy{Key: key}
	for i, c := range certs {
		e := newEntry(snapshot.Certificate{ID: string(rune('a' + i))})
		if c != nil {
			e.set(snapshot.CertificateLoaded, "", content{cert: c})
		}
		s.entries[e.spec.ID] = e
		p.Certificates = append(p.Certificates, e.spec.ID)
	}
	return s.NewPolicy(p)
}

// client is a TLS client that remembers one session.
type client struct {
	testing.TB
	config *tls.Config
}

func newClient(t testing.TB, version uint16) *client {
	return &client{t, &tls.Config{
		ServerName: "a.local", InsecureSkipVerify: true, MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}}
}

// connect makes a handshake under p, and waits for the ticket.
func (c *client) connect(p *Policy) tls.ConnectionState {
	c.Helper()
	state, err := c.try(p)
	if err != nil {
		c.Fatal(err)
	}
	return state
}

func (c *client) try(p *Policy) (tls.ConnectionState, error) {
	l, err := tls.Listen("tcp", "127.0.0.1:0", p.Config())
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer l.Close()
	go func() {
		if there, err := l.Accept(); err == nil {
			_, _ = there.Write([]byte("x"))
			there.Close()
		}
	}()
	here, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return tls.ConnectionState{}, err
	}
	defer here.Close()
	conn := tls.Client(here, c.config)
	_, err = io.ReadFull(conn, make([]byte, 1))
	return conn.ConnectionState(), err
}

func TestSessionsAreResumedInAllDataPlanes(t *testing.T) {
	a, b := ecdsaCertificate(t, "a.local"), ecdsaCertificate(t, "a.local")
	begin := time.Unix(1e9, 0).Truncate(ticketPeriod)
	for _, c := range []struct {
		name    string
		version uint16
		later   time.Duration // what the other clock shows then
		key     string
		certs   []*tls.Certificate // of the other; the first has a and b
		resumed bool
	}{
		{"another data plane", tls.VersionTLS13, 0, "p", []*tls.Certificate{a, b}, true},
		{"in the next period", tls.VersionTLS13, ticketPeriod, "p", []*tls.Certificate{a, b}, true},
		{"at the end of the next period", tls.VersionTLS13, 2*ticketPeriod - 1, "p", []*tls.Certificate{a, b}, true},
		{"after two periods", tls.VersionTLS13, 2 * ticketPeriod, "p", []*tls.Certificate{a, b}, false},
		{"a clock that is behind", tls.VersionTLS13, -time.Minute, "p", []*tls.Certificate{a, b}, true},
		{"a clock that is a day behind", tls.VersionTLS13, -24 * time.Hour, "p", []*tls.Certificate{a, b}, false},
		{"only one certificate is loaded there", tls.VersionTLS13, 0, "p", []*tls.Certificate{a, nil}, true},
		{"the first certificate is not loaded there", tls.VersionTLS13, 0, "p", []*tls.Certificate{nil, b}, false},
		{"another policy", tls.VersionTLS13, 0, "q", []*tls.Certificate{a, b}, false},
		{"another certificate", tls.VersionTLS13, 0, "p", []*tls.Certificate{b}, false},
		{"TLS 1.2 in another data plane", tls.VersionTLS12, 0, "p", []*tls.Certificate{a, b}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := begin
			first := policyOf("p", &now, a, b)
			client := newClient(t, c.version)
			if client.connect(first).DidResume {
				t.Error("there was nothing to resume")
			}
			then := begin.Add(c.later)
			if got := client.connect(policyOf(c.key, &then, c.certs...)).DidResume; got != c.resumed {
				t.Errorf("resumed: %v", got)
			}
		})
	}
}

func TestSessionsAreResumedInTheSameDataPlane(t *testing.T) {
	a := ecdsaCertificate(t, "a.local")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		now := time.Unix(1e9, 0)
		p := policyOf("p", &now, a)
		client := newClient(t, version)
		client.connect(p)
		for range 5 {
			now = now.Add(ticketPeriod) // each new ticket is good for the next period
			if !client.connect(p).DidResume {
				t.Errorf("version %x: not resumed", version)
			}
		}
	}
}

func TestACertificateThatIsLoadedLateHasItsKeys(t *testing.T) {
	a, b := ecdsaCertificate(t, "a.local"), ecdsaCertificate(t, "a.local")
	now := time.Unix(1e9, 0)
	late := policyOf("p", &now, nil, b)
	client := newClient(t, tls.VersionTLS13)
	client.connect(late)
	if !client.connect(policyOf("p", &now, a, b)).DidResume {
		t.Error("the ticket of the second certificate is not known")
	}
	late.entries[0].set(snapshot.CertificateLoaded, "", content{cert: a})
	if !client.connect(late).DidResume {
		t.Error("the ticket of the first certificate is not known")
	}
}

func TestKeysNeedNoLockOfTheirOwn(t *testing.T) {
	now := time.Unix(1e9, 0)
	p := policyOf("p", &now, ecdsaCertificate(t, "a.local"))
	done := make(chan error)
	for range 8 {
		go func() {
			c := newClient(t, tls.VersionTLS13)
			_, err := c.try(p)
			done <- err
		}()
	}
	for range 8 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}

func TestTheKeyExchangeIsHybrid(t *testing.T) {
	now := time.Now()
	state := newClient(t, tls.VersionTLS13).connect(policyOf("p", &now, ecdsaCertificate(t, "a.local")))
	if state.CurveID != tls.X25519MLKEM768 {
		t.Errorf("%v", state.CurveID)
	}
}

func TestAClientGetsTheKindOfKeyThatItKnows(t *testing.T) {
	ec, rs, other := ecdsaCertificate(t, "a.local"), rsaCertificate(t, "a.local"), rsaCertificate(t, "b.local")
	now := time.Now()
	for suite, want := range map[uint16]*tls.Certificate{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: ec, tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: rs} {
		for _, order := range [][]*tls.Certificate{{ec, rs}, {rs, ec}, {nil, other, rs, ec}} {
			c := newClient(t, tls.VersionTLS12)
			c.config.CipherSuites = []uint16{suite}
			if got := c.connect(policyOf("p", &now, order...)).PeerCertificates[0]; !got.Equal(want.Leaf) {
				t.Errorf("suite %x: the certificate for %v with a key of %v", suite, got.DNSNames, got.PublicKeyAlgorithm)
			}
		}
	}
	hello := func(version uint16, name string, schemes ...tls.SignatureScheme) *tls.ClientHelloInfo {
		return &tls.ClientHelloInfo{
			ServerName: name, SupportedVersions: []uint16{version}, SignatureSchemes: schemes, CipherSuites: []uint16{tls.TLS_AES_128_GCM_SHA256},
			SupportedCurves: []tls.CurveID{tls.X25519}, SupportedPoints: []uint8{0},
		}
	}
	p := policyOf("p", &now, other, ec, rs)
	for _, c := range []struct {
		what  string
		hello *tls.ClientHelloInfo
		want  *tls.Certificate
	}{
		{"TLS 1.3, RSA only", hello(tls.VersionTLS13, "a.local", tls.PSSWithSHA256), rs},
		{"TLS 1.3, ECDSA only", hello(tls.VersionTLS13, "a.local", tls.ECDSAWithP256AndSHA256), ec},
		{"TLS 1.3, both", hello(tls.VersionTLS13, "a.local", tls.PSSWithSHA256, tls.ECDSAWithP256AndSHA256), ec},
		{"TLS 1.3, a name that no certificate has", hello(tls.VersionTLS13, "c.local", tls.ECDSAWithP256AndSHA256), ec},
		{"TLS 1.3, neither", hello(tls.VersionTLS13, "a.local", tls.Ed25519), ec},
	} {
		if got, err := p.choose(c.hello); err != nil || got != c.want {
			t.Errorf("%s: %v, %v", c.what, got.Leaf.DNSNames, err)
		}
	}
	if _, err := policyOf("p", &now, nil).choose(hello(tls.VersionTLS13, "a.local")); err != errNothingLoaded {
		t.Error(err)
	}
	one := policyOf("p", &now, nil, rs)
	h := hello(tls.VersionTLS13, "a.local", tls.PSSWithSHA256)
	if n := testing.AllocsPerRun(100, func() { _, _ = one.choose(h) }); n != 0 {
		t.Errorf("%v allocations for one certificate", n)
	}
}
