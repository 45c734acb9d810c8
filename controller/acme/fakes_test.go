package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/bundle"
	"fairlead.dev/fairlead/hack/pebble"
)

// shop answers challenges as a data plane does.
type shop struct {
	httpPort, tlsPort int

	mu     sync.Mutex // guards following
	shown  map[string]Challenge
	hidden map[string]bool            // hosts that nothing is shown for
	most   int                        // how many were shown together
	asked  map[string]map[string]bool // by type, what was looked for
	stuck  chan struct{}              // not nil: nobody who looks gets an answer; closed when one looks
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{shown: map[string]Challenge{}, hidden: map[string]bool{}, asked: map[string]map[string]bool{HTTP01: {}, TLSALPN01: {}}}
	plain, secure := listen(t), listen(t)
	s.httpPort, s.tlsPort = plain.Addr().(*net.TCPAddr).Port, secure.Addr().(*net.TCPAddr).Port
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: s}
	go func() { _ = server.Serve(plain) }()
	config := &tls.Config{NextProtos: []string{"acme-tls/1"}, GetCertificate: s.certificate}
	go func() {
		for {
			c, err := secure.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				_ = tls.Server(c, config).HandshakeContext(context.Background())
			}()
		}
	}()
	t.Cleanup(func() { server.Close(); secure.Close() })
	return s
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// ServeHTTP answers HTTP01.
func (s *shop) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[HTTP01][r.URL.Path] = true
	if s.stuck != nil {
		close(s.stuck)
		s.stuck = nil
		s.mu.Unlock()
		<-r.Context().Done()
		s.mu.Lock()
		return
	}
	for _, c := range s.shown {
		if r.URL.Path == c.Path() && c.Type == HTTP01 {
			fmt.Fprint(w, c.KeyAuthorization)
			return
		}
	}
	http.NotFound(w, r)
}

// certificate answers TLSALPN01.
func (s *shop) certificate(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked[TLSALPN01][h.ServerName] = true
	c, ok := s.shown[h.ServerName]
	if !ok || c.Type != TLSALPN01 {
		return nil, errors.New("nothing is shown")
	}
	return acmez.TLSALPN01ChallengeCert(acme.Challenge{Identifier: acme.Identifier{Type: "dns", Value: c.Name}, KeyAuthorization: c.KeyAuthorization})
}

func (s *shop) Present(_ context.Context, list []Challenge) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		if !s.hidden[c.Name] {
			s.shown[c.Name] = c
		}
	}
	s.most = max(s.most, len(s.shown))
	return nil
}

func (s *shop) Withdraw(_ context.Context, list []Challenge) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		delete(s.shown, c.Name)
	}
	return nil
}

func (s *shop) hide(hosts ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.hidden)
	for _, h := range hosts {
		s.hidden[h] = true
	}
}

// looks is how many challenges of a type were looked for; an authority looks more
// than once.
func (s *shop) looks(kind string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked[kind])
}

func (s *shop) mustBeEmpty(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shown) > 0 {
		t.Errorf("challenges are shown still: %v", s.shown)
	}
}

// failing is a Presenter that fails, and counts what is withdrawn.
type failing struct {
	err       error
	withdrawn int
}

func (f *failing) Present(context.Context, []Challenge) error { return f.err }

func (f *failing) Withdraw(ctx context.Context, list []Challenge) error {
	if _, bounded := ctx.Deadline(); bounded && ctx.Err() == nil {
		f.withdrawn += len(list)
	}
	return errors.New("nor is it withdrawn")
}

// late is a Presenter that ends the order while it shows.
type late struct {
	*shop
	cancel context.CancelFunc
}

func (l late) Present(ctx context.Context, c []Challenge) error {
	err := l.shop.Present(ctx, c)
	l.cancel()
	return err
}

func start(t *testing.T, s *shop, o pebble.Options) *pebble.Authority {
	t.Helper()
	o.HTTPPort, o.TLSPort = s.httpPort, s.tlsPort
	return pebble.Start(t, o)
}

func orderOf(t *testing.T, a *pebble.Authority, names ...string) *Order {
	t.Helper()
	text, err := NewAccountKey()
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseAccountKey(text)
	if err != nil {
		t.Fatal(err)
	}
	return &Order{
		Authority: Authority{Directory: a.Directory, Roots: a.Roots()}, Account: Account{Key: key, Email: "ops@shop.test"},
		Names: names, Algorithm: v1alpha1.KeyECDSA, Challenges: []string{HTTP01, TLSALPN01},
	}
}

// orderBy is o for other names.
func orderBy(o *Order, names ...string) *Order {
	other := *o
	other.Names = names
	return &other
}

// mustTrust says that a chain leads to the authority's root, which is not in it.
func mustTrust(t *testing.T, a *pebble.Authority, text []byte, names ...string) {
	t.Helper()
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		t.Fatal(err)
	}
	roots, above := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(a.Root))
	for _, der := range pair.Certificate[1:] {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		above.AddCert(c)
	}
	for _, name := range names {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: above}); err != nil {
			t.Error(err)
		}
	}
	if again := bundle.WithoutRoot(pair.Certificate); len(again) != len(pair.Certificate) || len(again) < 2 {
		t.Errorf("the chain has %d certificates, %d without the root", len(pair.Certificate), len(again))
	}
}
