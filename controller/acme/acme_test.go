package acme

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
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
	hidden bool // it shows nothing
	most   int
}

func openShop(t *testing.T) *shop {
	t.Helper()
	s := &shop{shown: map[string]Challenge{}}
	plain, secure := listen(t), listen(t)
	s.httpPort, s.tlsPort = plain.Addr().(*net.TCPAddr).Port, secure.Addr().(*net.TCPAddr).Port
	server := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range s.shown {
			if r.URL.Path == "/.well-known/acme-challenge/"+c.Token {
				fmt.Fprint(w, c.KeyAuthorization)
				return
			}
		}
		http.NotFound(w, r)
	})}
	go func() { _ = server.Serve(plain) }()
	config := &tls.Config{NextProtos: []string{"acme-tls/1"}, GetCertificate: func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		c, ok := s.shown[h.ServerName]
		if !ok {
			return nil, errors.New("nothing is shown")
		}
		return acmez.TLSALPN01ChallengeCert(acme.Challenge{Identifier: acme.Identifier{Type: "dns", Value: c.Name}, KeyAuthorization: c.KeyAuthorization})
	}}
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

func (s *shop) Present(_ context.Context, list []Challenge) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range list {
		if !s.hidden {
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

func (s *shop) mustBeEmpty(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.shown) > 0 {
		t.Errorf("challenges are shown still: %v", s.shown)
	}
}

func orderOf(t *testing.T, a *pebble.Authority, names ...string) *Order {
	t.Helper()
	key, err := bundle.NewKey(v1alpha1.KeyECDSA)
	if err != nil {
		t.Fatal(err)
	}
	return &Order{
		Authority: Authority{Directory: a.Directory, Roots: a.Roots()}, Account: Account{Key: key, Email: "ops@shop.test"},
		Names: names, Algorithm: v1alpha1.KeyECDSA, Challenges: []string{HTTP01, TLSALPN01},
	}
}

// mustTrust says that a chain leads to the authority's root.
func mustTrust(t *testing.T, a *pebble.Authority, bundle []byte, name string) {
	t.Helper()
	pair, err := tls.X509KeyPair(bundle, bundle)
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
	if _, err := pair.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: above}); err != nil {
		t.Error(err)
	}
}

func TestACertificateIsGotByEachChallenge(t *testing.T) {
	s := openShop(t)
	a := pebble.Start(t, pebble.Options{HTTPPort: s.httpPort, TLSPort: s.tlsPort, RejectNonces: 30})
	for _, kind := range []string{HTTP01, TLSALPN01} {
		for _, algorithm := range []string{v1alpha1.KeyECDSA, v1alpha1.KeyRSA} {
			names := []string{strings.ToLower(kind + algorithm + ".test"), strings.ToLower("www." + kind + algorithm + ".test")}
			o := orderOf(t, a, names...)
			o.Challenges, o.Algorithm = []string{kind}, algorithm
			bundle, leaf, err := Obtain(t.Context(), o, s)
			if err != nil {
				t.Fatal(kind, err)
			}
			if got := leaf.PublicKeyAlgorithm.String(); got != algorithm {
				t.Errorf("the key is %s, not %s", got, algorithm)
			}
			for _, name := range names {
				mustTrust(t, a, bundle, name)
			}
			s.mustBeEmpty(t)
		}
	}
	if s.most != 2 {
		t.Errorf("%d challenges were shown together, not both", s.most)
	}
}

func TestAWildcardIsGotByTheDNS(t *testing.T) {
	secret := base64.StdEncoding.EncodeToString([]byte("a key that nobody knows"))
	a := pebble.Start(t, pebble.Options{Keys: map[string]string{"fairlead.": secret}})
	d := &DNS{Server: a.DNS.Address, KeyName: "fairlead", Secret: secret}
	o := orderOf(t, a, "*.shop.test", "shop.test")
	if _, _, err := Obtain(t.Context(), o, d); err == nil || !strings.Contains(err.Error(), "*.shop.test is a wildcard, which authorities grant by dns-01 only") {
		t.Errorf("a wildcard by other challenges gave %v", err)
	}
	o.Challenges = []string{DNS01}
	bundle, _, err := Obtain(t.Context(), o, d)
	if err != nil {
		t.Fatal(err)
	}
	mustTrust(t, a, bundle, "any.shop.test")
	if left := a.DNS.Texts("_acme-challenge.shop.test"); len(left) > 0 {
		t.Errorf("left in the DNS: %q", left)
	}
	d.Secret = base64.StdEncoding.EncodeToString([]byte("another key"))
	if _, _, err := Obtain(t.Context(), orderBy(o, "new.test"), d); err == nil {
		t.Error("a change that is signed with another key was made")
	}
	d.Server = "127.0.0.1:1"
	if _, _, err := Obtain(t.Context(), orderBy(o, "more.test"), d); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("a server that is not there gave %v", err)
	}
}

// orderBy is o for another name.
func orderBy(o *Order, name string) *Order {
	other := *o
	other.Names = []string{name}
	return &other
}

func TestAnAccountElsewhereIsBound(t *testing.T) {
	s := openShop(t)
	key := []byte("01234567890123456789012345678901")
	a := pebble.Start(t, pebble.Options{HTTPPort: s.httpPort, External: map[string]string{"kid": base64.RawURLEncoding.EncodeToString(key)}})
	o := orderOf(t, a, "shop.test")
	_, _, err := Obtain(t.Context(), o, s)
	var refused *Refused
	if !errors.As(err, &refused) || refused.Type != "externalAccountRequired" || !strings.Contains(err.Error(), "externalAccountBinding") {
		t.Errorf("without a binding: %v", err)
	}
	o.External = &External{"kid", []byte("another key of thirty-two bytes!")}
	if _, _, err = Obtain(t.Context(), o, s); !errors.As(err, &refused) {
		t.Errorf("with another key: %v", err)
	}
	o.External = &External{"kid", key}
	if _, _, err := Obtain(t.Context(), o, s); err != nil {
		t.Error(err)
	}
}

func TestACertificateIsReplaced(t *testing.T) {
	s := openShop(t)
	a := pebble.Start(t, pebble.Options{HTTPPort: s.httpPort, Lifetime: 600})
	o := orderOf(t, a, "shop.test")
	_, first, err := Obtain(t.Context(), o, s)
	if err != nil {
		t.Fatal(err)
	}
	if life := first.NotAfter.Sub(first.NotBefore); life > 11*time.Minute {
		t.Errorf("it lives %v", life)
	}
	info, err := RenewalInfo(t.Context(), o.Authority, first)
	if err != nil || info.At.Before(first.NotBefore) || info.At.After(first.NotAfter) || info.AskAgain.Before(time.Now()) {
		t.Errorf("renewal info %+v, %v", info, err)
	}
	o.Replaces = first
	for range 2 { // the second time it is replaced already
		_, next, err := Obtain(t.Context(), o, s)
		if err != nil {
			t.Fatal(err)
		}
		if next.SerialNumber.Cmp(first.SerialNumber) == 0 || bytes.Equal(next.RawSubjectPublicKeyInfo, first.RawSubjectPublicKeyInfo) {
			t.Error("it is the same, or has the same key")
		}
	}
}

func TestWhatTheAuthorityRefusesIsTold(t *testing.T) {
	s := openShop(t)
	a := pebble.Start(t, pebble.Options{HTTPPort: s.httpPort, TLSPort: s.tlsPort})
	o := orderOf(t, a, "shop.test")
	s.hidden = true
	_, _, err := Obtain(t.Context(), o, s)
	var refused *Refused
	if !errors.As(err, &refused) || !strings.Contains(err.Error(), "shop.test: the authority 127.0.0.1:") {
		t.Errorf("nothing answers: %v", err)
	}
	a.DNS.Lead("127.0.0.9")
	if _, _, err = Obtain(t.Context(), o, s); !errors.As(err, &refused) || refused.Type != "connection" || !strings.Contains(err.Error(), "port 80") {
		t.Errorf("the host leads elsewhere: %v", err)
	}
	a.DNS.Lead("127.0.0.1")
	s.hidden = false
	a.Refuse(&pebble.Refusal{Status: 429, Type: "rateLimited", Detail: "too many", RetryAfter: time.Hour})
	before := time.Now()
	_, _, err = Obtain(t.Context(), o, s)
	if !errors.As(err, &refused) || refused.Type != "rateLimited" || refused.RetryAfter.Before(before.Add(59*time.Minute)) {
		t.Errorf("too many: %v, again at %v", err, refused.RetryAfter)
	}
	a.Refuse(nil)
	if _, _, err := Obtain(t.Context(), o, s); err != nil {
		t.Error("then it works:", err)
	}
	o.Roots = x509.NewCertPool()
	if _, _, err := Obtain(t.Context(), o, s); err == nil || !strings.Contains(err.Error(), "caSecretRef") {
		t.Errorf("an authority whose own certificate nobody trusts: %v", err)
	}
	o.Directory = "https://127.0.0.1:1/dir"
	if _, _, err := Obtain(t.Context(), o, s); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("an authority that is not there: %v", err)
	}
	s.mustBeEmpty(t)
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

func TestWhatIsShownIsWithdrawnWhenTheOrderIsCancelled(t *testing.T) {
	s := openShop(t)
	a := pebble.Start(t, pebble.Options{HTTPPort: s.httpPort})
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := Obtain(ctx, orderOf(t, a, "shop.test"), late{s, cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	s.mustBeEmpty(t)
	if s.most != 1 {
		t.Error("nothing was shown")
	}
}
