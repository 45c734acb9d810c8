package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// showing is a client that shows a certificate of an authority.
func showing(t *testing.T, o *operator, host string, by *signed) *client {
	t.Helper()
	s := sign(t, by, &x509.Certificate{
		Subject: pkix.Name{CommonName: "alice", Organization: []string{"Company"}}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, ecKey(t))
	c := o.web("https", host)
	c.Transport.(*http.Transport).TLSClientConfig.Certificates = []tls.Certificate{{Certificate: [][]byte{s.cert.Raw}, PrivateKey: s.key}}
	return c
}

func TestClientsShowCertificatesOfAnAuthorityInASecret(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	company, foreign := sign(t, nil, authorityTemplate("Company"), ecKey(t)), sign(t, nil, authorityTemplate("Foreign"), ecKey(t))
	authority := func(a *signed) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
	}
	r.Node(0).DockerInput(t, authority(company), "secret", "create", "company", "-")
	createSecrets(t, r.Node(0), "demo.cert", "demo.key", newPair(t, "demo.local", "demo.local"))
	demoService(t, r, "demo", 1, "demo")
	o.apply(t, strings.Replace(terminate("demo", "demo.local", "demo.cert", "demo.key"), "mode: Terminate",
		"mode: Terminate\n    clientAuth: {caSecretRefs: [company]}", 1), "--wait", "--timeout=30s")

	alice := showing(t, o, "demo.local", company)
	t.Logf("first 200 %v after the Route was Ready", until200(t, alice, "/headers"))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, alice.base+"/headers", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Client-Cert-Subject", "CN=mallory")
	resp, err := alice.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || !strings.Contains(string(body), "CN=alice,O=Company") || strings.Contains(string(body), "mallory") {
		t.Errorf("the application saw %s, %v", body, err)
	}
	for what, c := range map[string]*client{"without a certificate": o.web("https", "demo.local"), "of a foreign authority": showing(t, o, "demo.local", foreign)} {
		if err := c.ok("/headers"); err == nil || !strings.Contains(err.Error(), "tls: ") {
			t.Errorf("a client %s: %v", what, err)
		}
	}

	// The authority is replaced: those of the old one are refused, and nothing restarts.
	r.Node(0).DockerInput(t, authority(foreign), "secret", "create", "company-2", "-")
	o.apply(t, strings.Replace(terminate("demo", "demo.local", "demo.cert", "demo.key"), "mode: Terminate",
		"mode: Terminate\n    clientAuth: {caSecretRefs: [company-2]}", 1))
	began := time.Now()
	rig.Eventually(t, 30*time.Second, "the new authority counts", func() error {
		c := showing(t, o, "demo.local", company)
		if err := c.ok("/headers"); err == nil {
			return fmt.Errorf("the old one still does")
		}
		return showing(t, o, "demo.local", foreign).ok("/headers")
	})
	t.Logf("another authority counts after %v", time.Since(began))
}
