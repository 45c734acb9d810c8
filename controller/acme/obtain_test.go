package acme

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/hack/pebble"
)

func TestACertificateIsGotByEachChallenge(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	for _, kind := range []string{HTTP01, TLSALPN01} {
		for _, algorithm := range []string{v1alpha1.KeyECDSA, v1alpha1.KeyRSA} {
			names := []string{strings.ToLower(kind + algorithm + ".test"), "WWW." + strings.ToLower(kind+algorithm) + ".Test."}
			o := orderOf(t, a, names...)
			o.Challenges, o.Algorithm = []string{kind}, algorithm
			text, leaf, err := Obtain(t.Context(), o, s)
			if err != nil {
				t.Fatal(kind, err)
			}
			if got := leaf.PublicKeyAlgorithm.String(); got != algorithm {
				t.Errorf("the key is %s, not %s", got, algorithm)
			}
			mustTrust(t, a, text, names[0], strings.ToLower(strings.TrimSuffix(names[1], ".")))
			s.mustBeEmpty(t)
		}
	}
	if s.most != 2 {
		t.Errorf("%d challenges were shown together, not both", s.most)
	}
}

func TestThePreferredChallengeIsAnswered(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	o := orderOf(t, a, "shop.test")
	o.Challenges = []string{"unheard-of-01", TLSALPN01, HTTP01}
	if _, _, err := Obtain(t.Context(), o, s); err != nil || s.looks(HTTP01) != 0 || s.looks(TLSALPN01) == 0 {
		t.Errorf("%v: looked %d times by http-01 and %d by tls-alpn-01", err, s.looks(HTTP01), s.looks(TLSALPN01))
	}
	o.Challenges = []string{"unheard-of-01"}
	if _, _, err := Obtain(t.Context(), orderBy(o, "other.test"), s); err == nil || !strings.Contains(err.Error(), "other.test: the authority 127.0.0.1:") || !strings.Contains(err.Error(), "and the issuer answers unheard-of-01") {
		t.Error(err)
	}
}

// An authority may take back what it gave a moment ago. Of two requests one is
// refused here, and the library tries one request ten times, so that one order in a
// hundred fails.
func TestNoncesAreRejected(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{RejectNonces: 50})
	o := orderOf(t, a, "shop.test")
	var errs []error
	for range 4 {
		_, _, err := Obtain(t.Context(), o, s)
		if err == nil {
			return
		}
		errs = append(errs, err)
	}
	t.Error(errs)
}

func TestWhatIsAuthorizedIsNotShownAgain(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{ReuseAuthorizations: 100})
	o := orderOf(t, a, "shop.test")
	if _, _, err := Obtain(t.Context(), o, s); err != nil {
		t.Fatal(err)
	}
	nobody := &failing{err: errors.New("nothing is to be shown")}
	if _, _, err := Obtain(t.Context(), o, nobody); err != nil || nobody.withdrawn != 0 {
		t.Errorf("%v, %d withdrawn", err, nobody.withdrawn)
	}
	looks := s.looks(HTTP01)
	text, _, err := Obtain(t.Context(), orderBy(o, "shop.test", "more.test"), s)
	if err != nil || s.looks(HTTP01) != looks+1 {
		t.Fatalf("%v: looked %d times for one more name", err, s.looks(HTTP01)-looks)
	}
	mustTrust(t, a, text, "shop.test", "more.test")
}

func TestAProfileIsOrdered(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{Profiles: map[string]uint64{"short": 60}})
	o := orderOf(t, a, "shop.test")
	o.Profile = "short"
	_, leaf, err := Obtain(t.Context(), o, s)
	if err != nil || leaf.NotAfter.Sub(leaf.NotBefore) > time.Minute {
		t.Errorf("%v: it holds from %s to %s", err, leaf.NotBefore, leaf.NotAfter)
	}
	o.Profile = "long"
	if _, _, err := Obtain(t.Context(), o, s); err == nil || !strings.Contains(err.Error(), "has no profile long: it has default, short") {
		t.Error(err)
	}
}

func TestACertificateIsReplaced(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{Lifetime: 600})
	o := orderOf(t, a, "shop.test")
	_, first, err := Obtain(t.Context(), o, s)
	if err != nil {
		t.Fatal(err)
	}
	o.Replaces = first
	for i, orders := range []int{2, 4} { // the second time it is replaced already, and ordered without
		_, next, err := Obtain(t.Context(), o, s)
		if err != nil {
			t.Fatal(err)
		}
		if next.SerialNumber.Cmp(first.SerialNumber) == 0 || bytes.Equal(next.RawSubjectPublicKeyInfo, first.RawSubjectPublicKeyInfo) {
			t.Error("it is the same, or has the same key")
		}
		if a.Orders() != orders {
			t.Errorf("%d orders after renewal %d, want %d", a.Orders(), i+1, orders)
		}
	}
	other := orderOf(t, a, "shop.test")
	other.Replaces = first
	if _, _, err := Obtain(t.Context(), other, s); err != nil {
		t.Error("what another account got is replaced:", err)
	}
}

func TestAnAccountIsFoundByItsKey(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{ReuseAuthorizations: 100})
	o := orderOf(t, a, "shop.test")
	for _, email := range []string{"", "first@shop.test", "second@shop.test"} {
		o.Email = email
		if _, _, err := Obtain(t.Context(), o, s); err != nil {
			t.Errorf("with %q: %v", email, err)
		}
	}
	if n := s.looks(HTTP01); n != 1 {
		t.Errorf("the authority looked %d times: it took the key for several accounts", n)
	}
	o.Key = nil
	if _, _, err := Obtain(t.Context(), o, s); err == nil || !strings.Contains(err.Error(), "needs a key") {
		t.Error(err)
	}
}

func TestAnAccountElsewhereIsBound(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	const key = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"
	a := start(t, s, pebble.Options{External: map[string]string{"kid": key}})
	mac, err := DecodeMACKey(key)
	if err != nil {
		t.Fatal(err)
	}
	o := orderOf(t, a, "shop.test")
	mustRefuse(t, o, s, "", TypeExternalAccountRequired, "refuses the account", "set acme.externalAccountBinding")
	for _, wrong := range []*External{{"kid", []byte("another key of thirty-two bytes!")}, {"who", mac}} {
		o.External = wrong
		mustRefuse(t, o, s, "", "", "refuses the account", "look at key ID and key of acme.externalAccountBinding")
	}
	o.External = &External{"kid", mac}
	if _, _, err := Obtain(t.Context(), o, s); err != nil {
		t.Error(err)
	}
}

func TestWhatIsShownIsWithdrawn(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	if _, _, err := Obtain(ctx, orderOf(t, a, "shop.test"), late{s, cancel}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled while it is shown: %v", err)
	}
	s.mustBeEmpty(t)

	looks := make(chan struct{})
	s.stuck = looks
	ctx, cancel = context.WithCancel(t.Context())
	go func() {
		<-looks
		cancel()
	}()
	began := time.Now()
	if _, _, err := Obtain(ctx, orderOf(t, a, "shop.test"), s); !errors.Is(err, context.Canceled) || time.Since(began) > 5*time.Second {
		t.Errorf("cancelled while the authority looks: %v after %v", err, time.Since(began))
	}
	s.mustBeEmpty(t)

	broken := &failing{err: errors.New("the data planes do not answer")}
	if _, _, err := Obtain(t.Context(), orderOf(t, a, "shop.test", "www.shop.test"), broken); !errors.Is(err, broken.err) || broken.withdrawn != 2 {
		t.Errorf("what cannot be shown: %v, %d withdrawn", err, broken.withdrawn)
	}
}

// An authority bounds how many authorizations may be pending.
func TestWhatIsPendingIsGivenUp(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	var log bytes.Buffer
	o := orderOf(t, a, "shop.test", "www.shop.test")
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if _, _, err := Obtain(t.Context(), o, &failing{err: errors.New("it cannot be shown")}); err == nil {
		t.Fatal("what is not shown was got")
	}
	posts := regexp.MustCompile(`method=POST url=\S+/authZ/.* status_code=200`).FindAllString(log.String(), -1)
	if len(posts) != 4 || strings.Contains(log.String(), "could not be given up") {
		t.Errorf("%d of the authorizations' requests were taken, want that each is read and given up:\n%s", len(posts), log.String())
	}
	for _, p := range o.Names { // what was given up is not in the way of the next order
		if _, _, err := Obtain(t.Context(), orderBy(o, p), s); err != nil {
			t.Error(err)
		}
	}
}

// One authority that does not answer keeps nobody from another.
func TestASilentAuthorityDisturbsNobody(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	silent, other := start(t, s, pebble.Options{}), start(t, s, pebble.Options{})
	silent.Refuse(&pebble.Refusal{Path: "/dir", Silent: true})
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, _, err := Obtain(ctx, orderOf(t, silent, "silent.test"), s); !errors.Is(err, context.Canceled) {
			t.Errorf("the silent one: %v", err)
		}
	})
	for silent.Connections() == 0 {
		time.Sleep(time.Millisecond) // until it is asked
	}
	if _, _, err := Obtain(t.Context(), orderOf(t, other, "shop.test"), s); err != nil {
		t.Error(err)
	}
	cancel()
	wg.Wait()
}

func TestAnOrderLeavesNoConnection(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	var log bytes.Buffer
	o := orderOf(t, a, "shop.test")
	o.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if _, _, err := Obtain(t.Context(), o, s); err != nil {
		t.Fatal(err)
	}
	if lines := log.String(); !strings.Contains(lines, "level=DEBUG") || strings.Contains(lines, "level=INFO") || strings.Contains(lines, "level=WARN") {
		t.Errorf("it says more than debug's:\n%s", lines)
	}
	s.hide("shop.test")
	if _, _, err := Obtain(t.Context(), o, s); err == nil {
		t.Error("nothing was shown, and it was got")
	}
	for end := time.Now().Add(5 * time.Second); a.Connections() > 0; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%d connections are open", a.Connections())
		}
	}
}

func TestNamesThatNobodyCertifiesAreTold(t *testing.T) {
	for name, want := range map[string]string{
		"":             "no certificates for the name",
		"*":            "no certificates for the name",
		"*.*.test":     "no certificates for the name",
		"www.*.test":   "no certificates for the name",
		"192.0.2.1":    "is an address",
		"2001:db8::1":  "is an address",
		"*.shop.test":  "*.shop.test is a wildcard, which authorities grant by dns-01 only",
		"*.Shop.Test.": "is a wildcard",
	} {
		o := Order{Names: []string{"good.test", name}, Challenges: []string{HTTP01}}
		if _, _, err := Obtain(t.Context(), &o, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if _, _, err := Obtain(t.Context(), &Order{}, nil); err == nil || !strings.Contains(err.Error(), "needs a name") {
		t.Error(err)
	}
	o := Order{Names: []string{"Shop.test", "shop.test.", "*.shop.test"}, Challenges: []string{DNS01}}
	if hosts, err := o.hosts(); err != nil || !slices.Equal(hosts, []string{"shop.test", "*.shop.test"}) {
		t.Errorf("%q, %v", hosts, err)
	}
}
