package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// bundle is a certificate with its key in one secret.
func bundle(t *testing.T, commonName, host string, end time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: commonName}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: end, KeyUsage: x509.KeyUsageDigitalSignature,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})) +
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

// A person rotates with docker secret create alone; what is no good does no harm.
func TestTheNewestGoodSecretWithALabelServes(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	demoService(t, r, "demo", 2, "demo")
	year := time.Now().Add(365 * 24 * time.Hour)
	create := func(name, data string) {
		t.Helper()
		r.Node(0).DockerInput(t, data, "secret", "create", "--label", "fairlead.dev/certificate=shop", name, "-")
	}
	create("shop-1", bundle(t, "first", "demo.local", year))
	o.apply(t, `apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: demo}
spec:
  hosts: [demo.local]
  tls: {mode: Terminate, secretRefs: [{certificate: shop}]}
  backend: {service: demo, port: 8080}
`, "--wait", "--timeout=30s")
	fresh := o.web("https", "demo.local")
	fresh.Transport.(*http.Transport).DisableKeepAlives = true
	kept := o.web("https", "demo.local")
	ws := holdWebSocket(t, o, "demo.local")
	loads := []*load{startLoad(t, fresh, 100, get(fresh, "/headers")), startLoad(t, kept, 300, get(kept, "/headers"))}
	shown := func() (string, error) {
		resp, _, err := fresh.get("/ping")
		if err != nil {
			return "", err
		}
		return resp.TLS.PeerCertificates[0].Subject.CommonName, nil
	}
	serves := func(want string) (took time.Duration) {
		t.Helper()
		began := time.Now()
		rig.Eventually(t, 30*time.Second, want+" is served", func() error {
			name, err := shown()
			if err == nil && name != want {
				err = fmt.Errorf("%s is", name)
			}
			return err
		})
		return time.Since(began)
	}
	serves("first")
	create("shop-2", bundle(t, "second", "demo.local", year))
	t.Logf("a labelled newer secret is served after %v (target: 3 s, with a new tender)", serves("second"))

	two := bundle(t, "foreign", "demo.local", year)
	chain, _, _ := strings.Cut(two, "-----BEGIN PRIVATE KEY-----")
	_, key, _ := strings.Cut(bundle(t, "x", "demo.local", year), "-----BEGIN PRIVATE KEY-----")
	for i, bad := range []struct{ what, data, why string }{
		{"garbage", "this is no PEM", "find any PEM data"},
		{"foreign-key", chain + "-----BEGIN PRIVATE KEY-----" + key, "does not fit"},
		{"ended", bundle(t, "ended", "demo.local", time.Now().Add(-time.Hour)), "it ended at"},
		{"other-host", bundle(t, "other", "other.local", year), "for none of the hosts"},
	} {
		create(fmt.Sprintf("shop-%d-%s", 3+i, bad.what), bad.data)
		rig.Eventually(t, 30*time.Second, bad.what+" is told", func() error {
			if out, _ := o.cli(t, "", "describe", "route", "demo"); !strings.Contains(out, bad.why) {
				return fmt.Errorf("the Route is\n%s", out)
			}
			return nil
		})
		if name, err := shown(); name != "second" {
			t.Errorf("while the newest is %s: %s is shown, %v", bad.what, name, err)
		}
	}
	create("shop-9", bundle(t, "last", "demo.local", year))
	t.Logf("a good one after four bad ones is served after %v", serves("last"))
	for _, l := range loads {
		l.mustNotHaveFailed(t, "while certificates were rotated")
	}
	ws.check(t, "six rotations")
}
