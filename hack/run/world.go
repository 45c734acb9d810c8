package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// The two Routes: TLS with a certificate of ours, and plain HTTP by path.
const routes = `apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: demo}
spec:
  hosts: [demo.local]
  tls:
    mode: Terminate
    secretRefs: [{cert: demo.local.cert, key: demo.local.key}]
  backend: {addresses: [%[1]q, %[2]q]}
---
apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: plain}
spec:
  hosts: [plain.local]
  rules:
    - matches: [{path: {type: PathPrefix, value: /two}}]
      filters:
        - type: URLRewrite
          urlRewrite: {path: {type: ReplacePrefixMatch, replacePrefixMatch: /}}
      backends: [{addresses: [%[2]q]}]
    - backends: [{addresses: [%[1]q]}]
`

// writeWorld writes the manifests and the secrets.
func writeWorld(dir string, backends []string) error {
	cert, key, err := selfSigned("demo.local")
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"manifests/routes.yaml":   fmt.Appendf(nil, routes, backends[0], backends[1]),
		"secrets/demo.local.cert": cert,
		"secrets/demo.local.key":  key,
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// selfSigned makes a certificate for a host, good for 90 days.
func selfSigned(host string) (cert, key []byte, err error) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		return nil, nil, err
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}), nil
}

// freeAddr is a loopback address that nobody listens on.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

// try is one request that is to be answered with 200.
type try struct{ scheme, host, path string }

var tries = []try{{"https", "demo.local", "/ping"}, {"http", "plain.local", "/ping"}, {"http", "plain.local", "/two/ping"}}

// curl is the try as a command. curl checks the certificate against itself.
func (t try) curl(dir string, o options) string {
	if t.scheme == "https" {
		_, port, _ := net.SplitHostPort(o.https)
		return fmt.Sprintf("curl --cacert %s --resolve %s:%s:127.0.0.1 https://%s:%s%s",
			filepath.Join(dir, "secrets", t.host+".cert"), t.host, port, t.host, port, t.path)
	}
	return fmt.Sprintf("curl --header 'Host: %s' http://%s%s", t.host, o.http, t.path)
}

// tryAll makes every request until it works, for up to half a minute.
func tryAll(ctx context.Context, dir string, o options) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	pool := x509.NewCertPool()
	cert, err := os.ReadFile(filepath.Join(dir, "secrets", "demo.local.cert"))
	if err != nil {
		return err
	}
	pool.AppendCertsFromPEM(cert)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for _, t := range tries {
		for err = t.do(ctx, o, pool); err != nil; err = t.do(ctx, o, pool) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return fmt.Errorf("%s://%s%s does not work: %w", t.scheme, t.host, t.path, err)
			}
		}
	}
	return nil
}

func (t try) do(ctx context.Context, o options, roots *x509.CertPool) error {
	addr := o.http
	if t.scheme == "https" {
		addr = o.https
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		},
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, t.scheme+"://"+t.host+t.path, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}

// invitation is what a person reads.
func invitation(dir string, o options) string {
	text := "\nFairlead serves two Routes. Try:\n\n"
	for _, t := range tries {
		text += "  " + t.curl(dir, o) + "\n"
	}
	return text + fmt.Sprintf(`
The Routes are in %s. Edit them: a change counts at once.
State and metrics: http://%s/readyz, /metrics, /api/v1/objects.
Ctrl-C ends it.
`, filepath.Join(dir, "manifests"), o.admin)
}
