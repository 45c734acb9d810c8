package chaos

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/rig"
)

var errNotYet = errors.New("not yet")

// createPair stores a certificate for name and its key as the secrets
// <secret>.cert and <secret>.key.
func createPair(t *testing.T, n *rig.Node, secret, commonName, name string) {
	t.Helper()
	cert, key := newPair(t, commonName, name)
	n.DockerInput(t, cert, "secret", "create", secret+".cert", "-")
	n.DockerInput(t, key, "secret", "create", secret+".key", "-")
}

// newPair makes a self-signed certificate for name and its key, in PEM.
func newPair(t *testing.T, commonName, name string) (cert, keyPEM string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: commonName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(365 * 24 * time.Hour), DNSNames: []string{name},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
}

func createNetwork(t *testing.T, r *rig.Rig, name string) {
	t.Helper()
	r.Node(0).Docker(t, "network", "create", "--driver", "overlay", name)
}

// createService creates a service of the demo application, and does not wait.
func createService(t *testing.T, r *rig.Rig, name string, replicas int, network string, args ...string) {
	t.Helper()
	image := r.Image(t, "demo", rig.Build(t, "./hack/demo"))
	create := []string{"service", "create", "--detach", "--quiet", "--name", name, "--replicas", fmt.Sprint(replicas),
		"--network", network, "--endpoint-mode", "dnsrr", "--stop-grace-period", "2s"}
	r.Node(0).Docker(t, append(append(create, args...), image)...)
}

// client asks the operator's node from outside of the swarm.
type client struct {
	*http.Client
	base string
}

func (o *operator) web(scheme, host string) *client {
	port := map[string]string{"http": "8080", "https": "8443"}[scheme]
	transport := &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return o.rig.Fabric.Dial(ctx, network, net.JoinHostPort(o.node.Addr, port))
		},
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: true},
		MaxIdleConnsPerHost: 100,
	}
	return &client{Client: &http.Client{Transport: transport, Timeout: 30 * time.Second}, base: scheme + "://" + host}
}

// ok says why path is not answered with 200.
func (c *client) ok(path string) error {
	r, err := http.NewRequest(http.MethodGet, c.base+path, nil)
	if err != nil {
		return err
	}
	return c.send(r)
}

func (c *client) send(r *http.Request) error {
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", resp.Status, strings.TrimSpace(string(body)))
	}
	return err
}

// until200 waits for the first 200 and returns how long it took.
func until200(t *testing.T, c *client) time.Duration {
	t.Helper()
	began := time.Now()
	rig.Eventually(t, 60*time.Second, c.base+" answers 200", func() error {
		defer c.CloseIdleConnections()
		return c.ok("/ping")
	})
	return time.Since(began)
}

// commonName is that of the certificate which a new connection is shown.
func (c *client) commonName() (string, error) {
	c.CloseIdleConnections()
	resp, err := c.Get(c.base + "/ping")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	return resp.TLS.PeerCertificates[0].Subject.CommonName, nil
}

// load sends requests at a fixed rate, whatever the answers take.
type load struct {
	cancel context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex // guards following
	sent     int
	failures []string
}

// startLoad sends requests for path, perSecond times a second, until stop.
func startLoad(t *testing.T, c *client, perSecond int, method, path string) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	t.Cleanup(func() { l.stop() })
	l.done.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(perSecond))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				l.done.Go(func() { l.send(c, method, path) })
			}
		}
	})
	return l
}

func (l *load) send(c *client, method, path string) {
	began := time.Now()
	var body io.Reader
	if method == http.MethodPost {
		body = strings.NewReader("hello")
	}
	r, err := http.NewRequest(method, c.base+path, body)
	if err == nil {
		err = c.send(r)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
	if err != nil {
		l.failures = append(l.failures, fmt.Sprintf("%s after %v: %v", began.Format("15:04:05.000"), time.Since(began).Round(time.Millisecond), err))
	}
}

// stop waits for the answers that are still to come.
func (l *load) stop() (sent int, failures []string) {
	l.cancel()
	l.done.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sent, l.failures
}

// mustNotHaveFailed ends the load and says what failed.
func (l *load) mustNotHaveFailed(t *testing.T, what string) {
	t.Helper()
	sent, failures := l.stop()
	if len(failures) > 0 {
		t.Errorf("%s: %d of %d failed:\n%s", what, len(failures), sent, strings.Join(failures[:min(len(failures), 15)], "\n"))
		return
	}
	t.Logf("%s: 0 of %d failed", what, sent)
}

// plain is a Route over plain HTTP; more is further lines of its backend, such
// as ", network: front".
func plain(name, host, service, more string) string {
	return fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: %s}
spec:
  hosts: [%s]
  backend: {service: %s, port: 8080%s}
`, name, host, service, more)
}

// terminate is a Route over TLS with the secrets of createPair.
func terminate(name, host, service, secret string) string {
	return fmt.Sprintf(`apiVersion: fairlead.dev/v1alpha1
kind: Route
metadata: {name: %s}
spec:
  hosts: [%s]
  tls: {mode: Terminate, secretRefs: [{cert: %s.cert, key: %[3]s.key}]}
  backend: {service: %[4]s, port: 8080}
`, name, host, secret, service)
}

// lines are what a docker command prints, a line each.
func lines(t *testing.T, n *rig.Node, args ...string) []string {
	t.Helper()
	return strings.Fields(n.Docker(t, args...))
}
