package e2e

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

// pair is a self-signed certificate, for names and IP addresses, and its key, in PEM.
type pair struct{ cert, key string }

func newPair(t *testing.T, commonName string, names ...string) pair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{Organization: []string{"Interlock"}, CommonName: commonName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour),
	}
	template.DNSNames = slices.DeleteFunc(names, func(name string) bool {
		ip := net.ParseIP(name)
		if ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		}
		return ip != nil
	})
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pair{
		cert: string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		key:  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})),
	}
}

// createSecrets stores a pair as two Docker secrets.
func createSecrets(t *testing.T, n *rig.Node, cert, key string, p pair) {
	t.Helper()
	n.DockerInput(t, p.cert, "secret", "create", cert, "-")
	n.DockerInput(t, p.key, "secret", "create", key, "-")
}

// demoService creates a service of the demo application, on a network of its
// own name or those given, and waits until it runs.
func demoService(t *testing.T, r *rig.Rig, name string, replicas int, network string, args ...string) {
	t.Helper()
	if out, _ := r.Node(0).Try(t.Context(), "network", "ls", "--quiet", "--filter", "name="+network); strings.TrimSpace(out) == "" {
		r.Node(0).Docker(t, "network", "create", "--driver", "overlay", network)
	}
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	create := []string{"service", "create", "--detach", "--name", name, "--replicas", fmt.Sprint(replicas), "--network", network, "--endpoint-mode", "dnsrr"}
	var app []string
	for i, a := range args { // what stands behind -- is the application's
		if a == "--" {
			args, app = args[:i], args[i+1:]
			break
		}
	}
	r.Node(0).Docker(t, append(append(append(create, args...), image), app...)...)
	r.WaitTasks(t, name, replicas)
}

// client asks the operator's node from outside of the swarm.
type client struct {
	*http.Client
	base string
}

// web is a client to host over http or https, that keeps nothing alive unless asked.
func (o *operator) web(scheme, host string) *client {
	port := o.ports().http
	if scheme == "https" {
		port = o.ports().https
	}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return o.rig.Fabric.Dial(ctx, network, net.JoinHostPort(o.node.Addr, port))
		},
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		MaxIdleConnsPerHost: 100,
		ForceAttemptHTTP2:   false,
	}
	return &client{
		Client: &http.Client{Transport: transport, Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		base:   scheme + "://" + host,
	}
}

// get returns the answer with its body read.
func (c *client) get(path string) (*http.Response, string, error) {
	resp, err := c.Get(c.base + path)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp, string(body), err
}

// ok says why path is not answered with 200.
func (c *client) ok(path string) error {
	resp, body, err := c.get(path)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(body))
	}
	return err
}

// ping is the demo application's answer.
type ping struct {
	Instance  string `json:"instance"`
	Version   string `json:"version"`
	Metadata  string `json:"metadata"`
	RequestID string `json:"request_id"`
}

func (c *client) ping(t *testing.T) (ping, *http.Response) {
	t.Helper()
	resp, body, err := c.get("/ping")
	if err != nil {
		t.Fatal(err)
	}
	var p ping
	if err := json.Unmarshal([]byte(body), &p); err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %q: %v", resp.Status, body, err)
	}
	return p, resp
}

// until200 waits for the first 200 and returns how long it took.
func until200(t *testing.T, c *client, path string) time.Duration {
	t.Helper()
	began := time.Now()
	rig.Eventually(t, 30*time.Second, c.base+path+" answers 200", func() error {
		defer c.CloseIdleConnections()
		return c.ok(path)
	})
	return time.Since(began)
}

// terminate and passthrough are Routes of the demo application.
func terminate(name, host, cert, key string) string {
	return fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: %s}
spec:
  hosts: [%s]
  tls:
    mode: Terminate
    secretRefs: [{cert: %s, key: %s}]
  backend: {service: demo, port: 8080}
`, name, host, cert, key)
}

func plain(name, host, service string) string {
	return fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: %s}
spec:
  hosts: [%s]
  backend: {service: %s, port: 8080}
`, name, host, service)
}

func passthrough(name, host, service string) string {
	return fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: %s}
spec:
  hosts: [%s]
  tls: {mode: Passthrough}
  backend: {service: %s, port: 8080}
`, name, host, service)
}
