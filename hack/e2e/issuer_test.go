package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

const issuers = `apiVersion: fairlead.dev/v1alpha1
kind: Issuer
metadata: {name: own}
spec: {selfSigned: {}, duration: 1m, renewBefore: 40s}
---
apiVersion: fairlead.dev/v1alpha1
kind: Issuer
metadata: {name: company}
spec: {ca: {secretRef: {cert: company.cert, key: company.key}}}
---
apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: own}
spec:
  hosts: [own.local]
  tls: {mode: Terminate, issuerRef: own}
  backend: {service: demo, port: 8080}
---
apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: company}
spec:
  hosts: [company.local]
  tls: {mode: Terminate, issuerRef: company}
  backend: {service: demo, port: 8080}
`

// shownBy is the certificate that a new connection to host is shown.
func shownBy(o *operator, host string) (*x509.Certificate, *tls.ConnectionState, error) {
	c := o.web("https", host)
	defer c.CloseIdleConnections()
	resp, _, err := c.get("/headers")
	if err != nil {
		return nil, nil, err
	}
	return resp.TLS.PeerCertificates[0], resp.TLS, nil
}

// How long certificates of one minute are watched; ISSUER_TIME says otherwise.
func watchTime(t *testing.T) time.Duration {
	if d, err := time.ParseDuration(os.Getenv("ISSUER_TIME")); err == nil {
		return d
	}
	return 75 * time.Second
}

func TestIssuersMakeCertificatesAndMakeThemAnew(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 2, "demo")
	root, middle := newAuthorities(t)
	createSecrets(t, r.Node(0), "company.cert", "company.key", middle)
	o.apply(t, issuers)
	began := time.Now()
	for _, host := range []string{"own.local", "company.local"} {
		until200(t, o.web("https", host), "/ping")
	}
	t.Logf("both serve %v after apply", time.Since(began))
	_, state, err := shownBy(o, "company.local")
	if err != nil {
		t.Fatal(err)
	}
	roots, above := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(root))
	for _, c := range state.PeerCertificates[1:] {
		above.AddCert(c)
	}
	if _, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: "company.local", Roots: roots, Intermediates: above}); err != nil {
		t.Errorf("who trusts the company's root: %v", err)
	}
	o.must(t, "", "wait", "issuer/company", "--for=Ready", "--timeout=30s")
	if out := o.must(t, "", "get", "issuers"); !strings.Contains(out, "company") || strings.Count(out, "Ready") != 2 {
		t.Errorf("get issuers says\n%s", out)
	}

	fresh, kept := o.web("https", "own.local"), o.web("https", "own.local")
	fresh.Transport.(*http.Transport).DisableKeepAlives = true
	loads := []*load{startLoad(t, fresh, 50, get(fresh, "/headers")), startLoad(t, kept, 100, get(kept, "/headers"))}
	serials := map[string]bool{}
	for end := time.Now().Add(watchTime(t)); time.Now().Before(end); time.Sleep(200 * time.Millisecond) {
		cert, _, err := shownBy(o, "own.local")
		if err != nil {
			t.Fatal(err)
		}
		if now := time.Now(); now.After(cert.NotAfter) || now.Before(cert.NotBefore) {
			t.Fatalf("at %s a certificate is served that is good from %s to %s", now, cert.NotBefore, cert.NotAfter)
		}
		serials[cert.SerialNumber.String()] = true
	}
	t.Logf("%d certificates were served in %v", len(serials), watchTime(t))
	if len(serials) < 3 {
		t.Errorf("only %d certificates were served", len(serials))
	}
	for _, l := range loads {
		l.mustNotHaveFailed(t, "while certificates were made anew")
	}
	rig.Eventually(t, time.Minute, "old certificates go", func() error {
		left := strings.Fields(r.Node(0).Docker(t, "secret", "ls", "--quiet", "--filter", "name=fairlead.route.own."))
		if len(left) > 5 {
			return fmt.Errorf("%d secrets are left", len(left))
		}
		return nil
	})
	o.must(t, "", "delete", "route/own", "route/company")
	rig.Eventually(t, time.Minute, "all certificates go with their Routes", func() error {
		left := strings.Fields(r.Node(0).Docker(t, "secret", "ls", "--quiet", "--filter", "name=fairlead.route."))
		if len(left) > 0 {
			return fmt.Errorf("%d secrets are left", len(left))
		}
		return nil
	})
}

// newAuthorities are a root, in PEM, and an intermediate authority with its key.
func newAuthorities(t *testing.T) (root string, middle pair) {
	t.Helper()
	r := sign(t, nil, authorityTemplate("Company Root"), ecKey(t))
	m := sign(t, r, authorityTemplate("Company Issuing"), ecKey(t))
	key, err := x509.MarshalPKCS8PrivateKey(m.key)
	if err != nil {
		t.Fatal(err)
	}
	inPEM := func(kind string, der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
	}
	return inPEM("CERTIFICATE", r.cert.Raw), pair{cert: inPEM("CERTIFICATE", m.cert.Raw), key: inPEM("PRIVATE KEY", key)}
}
