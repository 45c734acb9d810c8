package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

func TestTLSIsTerminatedWithDockerSecrets(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	createSecrets(t, r.Node(0), "demo.local.cert", "demo.local.key", newPair(t, "demo.local", "demo.local"))
	demoService(t, r, "demo", 1, "demo")
	o.apply(t, terminate("demo", "demo.local", "demo.local.cert", "demo.local.key"))
	c := o.web("https", "demo.local")
	t.Logf("first 200 %v after apply, with a new network and new secrets (target: 3 s)", until200(t, c, "/ping"))

	p, resp := c.ping(t)
	if got := resp.TLS.PeerCertificates[0].Subject.CommonName; got != "demo.local" {
		t.Errorf("certificate for %q", got)
	}
	if p.RequestID == "" {
		t.Error("the application got no X-Request-Id")
	}
	rig.Eventually(t, 20*time.Second, "the Route is Ready", func() error {
		_, code := o.cli(t, "", "wait", "route/demo", "--for=Ready", "--timeout=10s")
		if code != 0 {
			out, _ := o.cli(t, "", "describe", "route", "demo")
			t.Log(out)
			return errNotYet
		}
		return nil
	})
	plainHTTP, _, err := o.web("http", "demo.local").get("/a?b=1")
	if err != nil || plainHTTP.StatusCode != http.StatusPermanentRedirect || plainHTTP.Header.Get("Location") != "https://demo.local:8443/a?b=1" {
		t.Errorf("plain HTTP: %v %v %v", plainHTTP.StatusCode, plainHTTP.Header, err)
	}
	if err := o.web("https", "unknown.local").ok("/"); err == nil || !strings.Contains(err.Error(), "unrecognized name") {
		t.Errorf("an unknown name: %v", err)
	}
	o.apply(t, terminate("second", "second.local", "demo.local.cert", "demo.local.key"))
	t.Logf("first 200 %v after apply, where the network and the secrets are known (target: 1 s)", until200(t, o.web("https", "second.local"), "/ping"))
}

func TestTLSPassesThroughToTheApplicationsOwnCertificate(t *testing.T) {
	r := rig.Shared(t)
	r.Reset(t)
	o := start(t, r, 0)
	createSecrets(t, r.Node(0), "app.cert", "app.key", newPair(t, "app.local", "demo.local"))
	demoService(t, r, "demo", 1, "demo",
		"--secret", "source=app.cert,target=/run/secrets/cert.pem", "--secret", "source=app.key,target=/run/secrets/key.pem",
		"--env", "METADATA=demo-ssl-passthrough", "--", "--tls-cert=/run/secrets/cert.pem", "--tls-key=/run/secrets/key.pem")
	o.apply(t, passthrough("demo", "demo.local", "demo"))
	c := o.web("https", "demo.local")
	t.Logf("first 200 %v after apply", until200(t, c, "/ping"))
	p, resp := c.ping(t)
	if got := resp.TLS.PeerCertificates[0].Subject.CommonName; got != "app.local" {
		t.Errorf("certificate for %q, want the application's", got)
	}
	if p.Metadata != "demo-ssl-passthrough" || p.RequestID != "" {
		t.Errorf("the application saw %+v, want nothing added", p)
	}
	for name := range resp.Header {
		if strings.HasPrefix(name, "X-") {
			t.Errorf("the answer carries %s", name)
		}
	}
}
