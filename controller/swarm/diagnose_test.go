package swarm

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/controller/pki"
)

// twoYearsAgo is the clock of what has ended.
func twoYearsAgo() time.Time { return time.Now().AddDate(-2, 0, 0) }

func newAuthority(t *testing.T, now func() time.Time) (*pki.Authority, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	a, err := pki.Init(dir, "", now)
	if err != nil {
		t.Fatal(err)
	}
	return a, dir
}

// clockAt is the authority in a folder with another clock.
func clockAt(t *testing.T, dir string, now func() time.Time) *pki.Authority {
	t.Helper()
	a, err := pki.Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func issue(t *testing.T, a *pki.Authority, r pki.Request) string {
	t.Helper()
	i, err := a.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	return i.Dir
}

func server(name, host string) pki.Request {
	r := pki.Request{Name: name, Server: true}
	if strings.HasPrefix(host, "127.") {
		r.IPs = []string{host}
	} else {
		r.Hosts = []string{host}
	}
	return r
}

// mixed is a folder with files of others; "" leaves one out.
func mixed(t *testing.T, ca, own string) string {
	t.Helper()
	dir := t.TempDir()
	for name, from := range map[string]string{"ca.pem": ca, "cert.pem": own, "key.pem": own, "crl.pem": ca} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if from == "" || name == "crl.pem" && err != nil {
			continue
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), data, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// engine is an API at a TLS address that demands certificates of ca.
func engine(t *testing.T, certs, ca string) string {
	t.Helper()
	return engineOf(t, tls.VersionTLS13, certs, ca)
}

func engineOf(t *testing.T, version uint16, certs, ca string) string {
	t.Helper()
	s := httptest.NewUnstartedServer(answerInfo)
	if certs == "" {
		s.Start()
		t.Cleanup(s.Close)
		return "tcp://" + s.Listener.Addr().String()
	}
	own, err := tls.LoadX509KeyPair(filepath.Join(certs, "cert.pem"), filepath.Join(certs, "key.pem"))
	if err != nil {
		t.Fatal(err)
	}
	authorities, err := readCertificates(filepath.Join(ca, "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: poolOf(authorities), MaxVersion: version}
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	return "tcp://" + s.Listener.Addr().String()
}

var answerInfo = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Api-Version", "1.41")
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `[]`)
})

// listed is what a call says over such a connection.
func listed(t *testing.T, host, certs string) error {
	t.Helper()
	t.Setenv("DOCKER_CERT_PATH", certs)
	verify := ""
	if certs != "" {
		verify = "1"
	}
	t.Setenv("DOCKER_TLS_VERIFY", verify)
	c, err := Connect(Options{Host: host})
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.listSecrets(t.Context())
	return err
}

func TestEveryWrongSetUpOfTLSIsToldFromTheOthers(t *testing.T) {
	a, dir := newAuthority(t, nil)
	good, strange := issue(t, a, server("good", "127.0.0.1")), issue(t, a, server("strange", "elsewhere.test"))
	ops := issue(t, a, pki.Request{Name: "ops"})
	past := clockAt(t, dir, twoYearsAgo)
	ended, endedServer := issue(t, past, pki.Request{Name: "ended"}), issue(t, past, server("ended", "127.0.0.1"))
	early := issue(t, clockAt(t, dir, func() time.Time { return time.Now().AddDate(1, 0, 0) }), pki.Request{Name: "early"})
	other, _ := newAuthority(t, nil)
	foreign, foreignServer := issue(t, other, pki.Request{Name: "ops"}), issue(t, other, server("good", "127.0.0.1"))
	gone, goneServer := issue(t, a, pki.Request{Name: "gone"}), issue(t, a, server("gone", "127.0.0.1"))
	for _, name := range []string{gone, goneServer} {
		if _, err := a.Revoke(filepath.Join(name, "cert.pem")); err != nil {
			t.Fatal(err)
		}
	}
	trusted := engine(t, good, ops)
	plain, before13 := engine(t, "", ""), engineOf(t, tls.VersionTLS12, good, ops)

	for _, c := range []struct {
		name        string
		host, certs string
		want        Fault
	}{
		{"all is well", trusted, ops, ""},
		{"no client certificate", trusted, mixed(t, ops, ""), NoClientCertificate},
		{"a client certificate of another authority", trusted, mixed(t, ops, foreign), ForeignClientCertificate},
		{"a client certificate that has ended", trusted, ended, ClientCertificateEnded},
		{"a client certificate that is not valid yet", trusted, early, ClientCertificateEarly},
		{"a client certificate that is revoked", trusted, gone, ClientCertificateRevoked},
		{"no client certificate, TLS 1.2", before13, mixed(t, ops, ""), NoClientCertificate},
		{"one of another authority, TLS 1.2", before13, mixed(t, ops, foreign), ForeignClientCertificate},
		{"one that has ended, TLS 1.2", before13, ended, ClientCertificateEnded},
		{"a server's certificate as the client's", trusted, good, NotForClients},
		{"an engine that trusts others", engine(t, good, foreign), ops, ClientRefused},
		{"an engine of another authority", engine(t, foreignServer, ops), ops, UnknownServerAuthority},
		{"an engine of another name", engine(t, strange, ops), ops, OtherServerName},
		{"an engine whose certificate has ended", engine(t, endedServer, ops), ops, ServerCertificateEnded},
		{"an engine whose certificate is revoked", engine(t, goneServer, ops), ops, ServerCertificateRevoked},
		{"plain TCP to TLS", trusted, "", PlainToTLS},
		{"TLS to plain TCP", plain, ops, TLSToPlain},
		{"plain TCP to plain TCP", plain, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := listed(t, c.host, c.certs)
			var told *TrustError
			if errors.As(err, &told) != (c.want != "") || told != nil && told.Fault != c.want {
				t.Fatalf("got %v, want %q", err, c.want)
			}
			t.Log(err)
		})
	}
}

func TestAnEndWithoutAWordIsAboutACertificateOnlyWhereOneIsWrong(t *testing.T) {
	a, dir := newAuthority(t, nil)
	read := func(folder string) material {
		m, err := readMaterial(folder)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	good := read(issue(t, a, pki.Request{Name: "ops"}))
	bad := read(issue(t, clockAt(t, dir, twoYearsAgo), pki.Request{Name: "ended"}))
	for _, c := range []struct {
		name string
		m    material
		err  error
		want Fault
	}{
		{"a reset, and all is well here", good, syscall.ECONNRESET, ""},
		{"a reset, and ours has ended", bad, syscall.ECONNRESET, ClientCertificateEnded},
		{"an end, and there is none", material{}, io.EOF, NoClientCertificate},
		{"a handshake that fails for another reason", good, errors.New("remote error: tls: handshake failure"), ""},
		{"an alert about another thing", bad, errors.New("remote error: tls: internal error"), ""},
		{"a refusal, and ours has ended", bad, errors.New("remote error: tls: bad certificate"), ClientCertificateEnded},
		{"a refusal, and all is well here", good, errors.New("remote error: tls: unknown certificate authority"), ClientRefused},
		{"an engine's certificate that is not for servers", good, x509.CertificateInvalidError{Cert: good.own[0], Reason: x509.IncompatibleUsage}, NotForServers},
		{"plain TCP to a TLS port that is not of Go", material{}, errors.New(`malformed HTTP response "\x15\x03\x01\x00\x02\x02\x16"`), ""},
		{"nothing to do with TLS", bad, errors.New("no such host"), ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := diagnosis{endpoint: endpoint{Host: "tcp://a.test:2376", CertDir: "/certs"}, material: c.m, now: time.Now()}
			err := d.explain(c.err)
			var told *TrustError
			if errors.As(err, &told) != (c.want != "") || told != nil && told.Fault != c.want || !errors.Is(err, c.err) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
