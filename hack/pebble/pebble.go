package pebble

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Options are what an Authority can be told.
type Options struct {
	// Place is where it is in the network; nil is where the test is.
	Place Place
	// Address is where it listens; 127.0.0.1 by default.
	Address string
	// HTTPPort and TLSPort are where it looks for answers.
	HTTPPort, TLSPort int
	// Lifetime of its certificates in seconds; 0 is 90 days.
	Lifetime uint64
	// Profiles are others than the default one: their lifetimes in seconds by name.
	Profiles map[string]uint64
	// External are the keys of accounts elsewhere, in base64url, by their ID. Where
	// there are any, each account has to be bound.
	External map[string]string
	// Keys sign updates of the DNS, in base64 by name, which ends with a dot; without
	// any they need no signature.
	Keys map[string]string
	// RejectNonces is how many of a hundred nonces it does not take.
	RejectNonces int
	// ReuseAuthorizations is how many of a hundred names that an account has shown to
	// be its own it need not show once more.
	ReuseAuthorizations int
	// Blocked are names that it makes no certificates for.
	Blocked []string
}

// Authority is a Pebble.
type Authority struct {
	// Directory is its URL.
	Directory string
	// Server is the PEM of who signed its own certificate, Root that of who signs
	// what it makes.
	Server, Root string
	// DNS is what it asks.
	DNS *DNS

	*front
	http       *http.Client
	management string
}

// Start starts an Authority that ends with the test.
func Start(t testing.TB, o Options) *Authority {
	t.Helper()
	if o.Place == nil {
		o.Place = here{}
	}
	o.Address = cmp.Or(o.Address, "127.0.0.1")
	cert, key, pair := serverCertificate(t, o.Address)
	dir := t.TempDir()
	write(t, filepath.Join(dir, "cert.pem"), cert)
	write(t, filepath.Join(dir, "key.pem"), key)
	to := &http.Transport{DialContext: o.Place.Dial, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // it is the one that we start
	t.Cleanup(to.CloseIdleConnections)
	a := &Authority{
		Server: string(cert), DNS: StartDNS(t, DNSOptions{Place: o.Place, Address: o.Address, Keys: o.Keys}),
		http: &http.Client{Transport: to, Timeout: 10 * time.Second},
	}
	at := a.run(t, o, dir)
	root, err := a.ask(http.MethodGet, "/roots/0", nil)
	if err != nil {
		t.Fatal(err)
	}
	a.Root = string(root)
	front, listens := startFront(t, o.Place, o.Address, at, pair)
	a.front, a.Directory = front, "https://"+listens+"/dir"
	return a
}

// run starts Pebble and returns where it listens. The ports were free a moment ago;
// where another took one, it is tried again.
func (a *Authority) run(t testing.TB, o Options, dir string) string {
	t.Helper()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		at := freePort(t, o)
		a.management = freePort(t, o)
		settings, err := json.Marshal(map[string]any{"pebble": o.settings(at, a.management, dir)})
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, "config.json"), settings)
		ctx, cancel := context.WithCancel(context.Background())
		c := o.Place.Command(ctx, binary, "-strict", "-dnsserver", a.DNS.Address, "-config", filepath.Join(dir, "config.json"))
		var said bytes.Buffer
		c.Stdout, c.Stderr = &said, &said
		c.Env = append(os.Environ(), "PEBBLE_VA_NOSLEEP=1", fmt.Sprint("PEBBLE_WFE_NONCEREJECT=", o.RejectNonces),
			fmt.Sprint("PEBBLE_AUTHZREUSE=", o.ReuseAuthorizations))
		ended, err := start(c)
		if err != nil {
			cancel()
			t.Fatal(err)
		}
		if a.answers(ended) {
			t.Cleanup(func() {
				cancel()
				<-ended
				if t.Failed() {
					t.Logf("Pebble said:\n%s", said.Bytes())
				}
			})
			return at
		}
		cancel()
		<-ended
		if !strings.Contains(said.String(), "address already in use") {
			t.Fatalf("Pebble does not start:\n%s", said.String())
		}
	}
	t.Fatal("Pebble finds no free ports")
	return ""
}

func (o *Options) settings(at, management, dir string) map[string]any {
	profiles := map[string]any{"default": map[string]any{"description": "all there is", "validityPeriod": o.Lifetime}}
	for name, seconds := range o.Profiles {
		profiles[name] = map[string]any{"description": name, "validityPeriod": seconds}
	}
	return map[string]any{
		"listenAddress": at, "managementListenAddress": management,
		"certificate": filepath.Join(dir, "cert.pem"), "privateKey": filepath.Join(dir, "key.pem"),
		"httpPort": o.HTTPPort, "tlsPort": o.TLSPort, "keyAlgorithm": "ecdsa", "profiles": profiles,
		"externalAccountBindingRequired": len(o.External) > 0, "externalAccountMACKeys": o.External,
		"domainBlocklist": o.Blocked, "caaIdentities": []string{"pebble.test"},
		"retryAfter": map[string]int{"authz": 1, "order": 1},
	}
}

// answers waits until Pebble answers, or has ended.
func (a *Authority) answers(ended <-chan struct{}) bool {
	for {
		if _, err := a.ask(http.MethodGet, "/roots/0", nil); err == nil {
			return true
		}
		select {
		case <-ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// ask asks Pebble's own side.
func (a *Authority) ask(method, path string, body []byte) ([]byte, error) {
	r, err := http.NewRequest(method, "https://"+a.management+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	answer, err := a.http.Do(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s to %s: %s", answer.Status, path, data)
	}
	return data, err
}

// Refuse has the authority refuse what it is asked for; nil ends it.
func (a *Authority) Refuse(r *Refusal) { a.refuse(r) }

// Orders is how many there were, with those that were refused.
func (a *Authority) Orders() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.orders
}

// Connections is how many clients have open.
func (a *Authority) Connections() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.open)
}

// Renew is when the authority wants a certificate to be renewed; explanation is a
// URL, or empty.
func (a *Authority) Renew(t testing.TB, leaf *x509.Certificate, start, end time.Time, explanation string) {
	t.Helper()
	info, err := json.Marshal(map[string]any{
		"suggestedWindow": map[string]time.Time{"start": start, "end": end}, "explanationURL": explanation,
	})
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]string{
		"Certificate": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw})), "ARIResponse": string(info),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.ask(http.MethodPost, "/set-renewal-info/", body); err != nil {
		t.Fatal(err)
	}
}

// Roots trust the Server.
func (a *Authority) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(a.Server))
	return pool
}

func freePort(t testing.TB, o Options) string {
	t.Helper()
	l, err := o.Place.Listen("tcp", net.JoinHostPort(o.Address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func write(t testing.TB, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
