package acme

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/pebble"
)

var secret = base64.StdEncoding.EncodeToString([]byte("a key that nobody knows"))

func TestAWildcardIsGotByTheDNS(t *testing.T) {
	t.Parallel()
	a := pebble.Start(t, pebble.Options{Keys: map[string]string{"fairlead.": secret}})
	const record = "_acme-challenge.shop.test"
	a.DNS.SetTexts(record, "somebody else's")
	d := &DNS{Server: a.DNS.Address, KeyName: "Fairlead", Secret: secret}
	o := orderOf(t, a, "*.shop.test", "shop.test", "www.test")
	o.Challenges = []string{DNS01}
	text, _, err := Obtain(t.Context(), o, Presenters{DNS01: d})
	if err != nil {
		t.Fatal(err)
	}
	mustTrust(t, a, text, "any.shop.test", "shop.test", "www.test")
	if left := a.DNS.Texts(record); !slices.Equal(left, []string{"somebody else's"}) {
		t.Errorf("left in the DNS: %q", left)
	}
	if len(d.added) > 0 {
		t.Errorf("remembered: %v", d.added)
	}
}

// A wildcard and a host that answers itself, in one certificate.
func TestOneOrderIsAnsweredByTwoPresenters(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	o := orderOf(t, a, "*.shop.test", "www.test")
	o.Challenges = []string{TLSALPN01, DNS01}
	text, _, err := Obtain(t.Context(), o, Presenters{TLSALPN01: s, DNS01: &DNS{Server: a.DNS.Address}})
	if err != nil || s.looks(TLSALPN01) != 1 {
		t.Fatal(err)
	}
	mustTrust(t, a, text, "any.shop.test", "www.test")
	if _, _, err := Obtain(t.Context(), orderBy(o, "new.test"), Presenters{}); err == nil || !strings.Contains(err.Error(), "nobody here shows tls-alpn-01") {
		t.Error(err)
	}
	s.mustBeEmpty(t)
}

// What follows needs no authority: a record is added, and what is there is seen.
var challenge = Challenge{Type: DNS01, Name: "shop.test", Token: "t", KeyAuthorization: "t.thumb"}

func mustAdd(t *testing.T, d *DNS, at *pebble.DNS, name string) {
	t.Helper()
	if err := d.Present(t.Context(), []Challenge{challenge}); err != nil {
		t.Fatal(err)
	}
	_, value := challenge.Record()
	if texts := at.Texts(name); !slices.Equal(texts, []string{value}) {
		t.Errorf("%s has %q, want %q", name, texts, value)
	}
	if err := d.Withdraw(t.Context(), []Challenge{challenge}); err != nil {
		t.Error(err)
	}
	if texts := at.Texts(name); len(texts) > 0 {
		t.Errorf("left: %q", texts)
	}
}

func TestAnAliasIsFollowed(t *testing.T) {
	t.Parallel()
	own := pebble.StartDNS(t, pebble.DNSOptions{Zones: []string{"dyn.test.", "test."}})
	own.Alias("_acme-challenge.shop.test", "one.test")
	own.Alias("one.test", "shop.dyn.test")
	mustAdd(t, &DNS{Server: own.Address}, own, "shop.dyn.test")

	// The host's own zone is another server's, which only a resolver finds.
	changes := pebble.StartDNS(t, pebble.DNSOptions{Zones: []string{"dyn.example."}})
	world := pebble.StartDNS(t, pebble.DNSOptions{})
	world.Alias("_acme-challenge.shop.test", "shop.dyn.example")
	dead := "127.0.0.1:1"
	mustAdd(t, &DNS{Server: changes.Address, Resolvers: []string{dead, world.Address}}, changes, "shop.dyn.example")
	mustAdd(t, &DNS{Server: changes.Address, Resolvers: []string{world.Address}, Zone: "dyn.example"}, changes, "shop.dyn.example")

	own.Alias("shop.dyn.test", "one.test")
	mustNotAdd(t, &DNS{Server: own.Address}, "is an alias of an alias")
}

func mustNotAdd(t *testing.T, d *DNS, words ...string) {
	t.Helper()
	if d.Resolvers == nil {
		d.Resolvers = []string{"127.0.0.1:1"}
	}
	err := d.Present(t.Context(), []Challenge{challenge})
	if err == nil {
		t.Errorf("a record was added, want %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v\nlacks %q", err, w)
		}
	}
}

func TestWhyAZoneIsNotChangedIsTold(t *testing.T) {
	t.Parallel()
	open := pebble.StartDNS(t, pebble.DNSOptions{})
	closed := pebble.StartDNS(t, pebble.DNSOptions{Keys: map[string]string{"fairlead.": secret}})
	mustNotAdd(t, &DNS{Server: closed.Address}, "shop.test: the record of dns-01: ", closed.Address, "refuses to change the zone test.", "REFUSED")
	mustNotAdd(t, &DNS{Server: closed.Address, KeyName: "other", Secret: secret}, `by the key "other"`, "BADKEY")
	mustNotAdd(t, &DNS{Server: closed.Address, KeyName: "fairlead", Secret: "AAAA"}, "the key's secret is another one there (BADSIG)")
	mustNotAdd(t, &DNS{Server: closed.Address, KeyName: "fairlead", Secret: "no base64!"}, "not in base64")
	mustNotAdd(t, &DNS{Server: closed.Address, KeyName: "fairlead", Secret: secret, Algorithm: "HMACMD5"}, `algorithm "HMACMD5"`)
	mustNotAdd(t, &DNS{}, "needs the name server")
	mustNotAdd(t, &DNS{Server: "127.0.0.1:1"}, "127.0.0.1:1, which is to take the changes", "connection refused")
	mustNotAdd(t, &DNS{Server: open.Address, Zone: "elsewhere.test"}, "_acme-challenge.shop.test. is not in the zone elsewhere.test.")
	mustNotAdd(t, &DNS{Server: open.Address, Zone: "shop.test"}, "does not serve the zone shop.test.", "NOTAUTH")
	foreign := pebble.StartDNS(t, pebble.DNSOptions{Zones: []string{"elsewhere.test."}})
	mustNotAdd(t, &DNS{Server: foreign.Address}, "has no zone with _acme-challenge.shop.test. in it")
	open.ReadOnly()
	mustNotAdd(t, &DNS{Server: open.Address}, "REFUSED")
}

func TestEveryAlgorithmSigns(t *testing.T) {
	t.Parallel()
	at := pebble.StartDNS(t, pebble.DNSOptions{Keys: map[string]string{"fairlead.": secret}})
	for _, algorithm := range []string{"", "HMACSHA1", "hmac-sha224", "hmac-sha256.", "HMACSHA384", "HmacSha512"} {
		mustAdd(t, &DNS{Server: at.Address, KeyName: "fairlead.", Secret: secret, Algorithm: algorithm}, at, "_acme-challenge.shop.test")
	}
}

func TestAllServersOfAZoneAreWaitedFor(t *testing.T) {
	t.Parallel()
	first, second := pebble.StartDNS(t, pebble.DNSOptions{}), pebble.StartDNS(t, pebble.DNSOptions{})
	d := &DNS{Server: first.Address, others: func(context.Context, string) []server {
		return []server{{"dead.test", "127.0.0.1:1"}, {"ns2.test", second.Address}}
	}}
	shown := make(chan error, 1)
	go func() { shown <- d.Present(t.Context(), []Challenge{challenge}) }()
	name, value := challenge.Record()
	for len(first.Texts(name)) == 0 {
		time.Sleep(time.Millisecond) // until the first has it
	}
	select {
	case err := <-shown:
		t.Errorf("it is shown before the second has it: %v", err)
	case <-time.After(300 * time.Millisecond):
	}
	second.SetTexts(name, value)
	if err := <-shown; err != nil {
		t.Error(err)
	}

	d.Patience = 300 * time.Millisecond
	second.SetTexts(name)
	mustNotAdd(t, d, "the name server ns2.test ("+second.Address+") does not answer with the new record within 300ms")
	ctx, cancel := context.WithCancel(t.Context())
	d.Patience = 0
	go func() { shown <- d.Present(ctx, []Challenge{challenge}) }()
	cancel()
	if err := <-shown; !errors.Is(err, context.Canceled) && !strings.Contains(err.Error(), "operation was canceled") {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTheServersOfAZoneAreFound(t *testing.T) {
	t.Parallel()
	primary := pebble.StartDNS(t, pebble.DNSOptions{})
	world := pebble.StartDNS(t, pebble.DNSOptions{Zones: []string{"elsewhere."}})
	primary.Serve("ns1.test", "ns2.elsewhere", "ns3.nowhere")
	primary.Lead("192.0.2.1")
	world.Lead("192.0.2.2")
	d := &DNS{Server: primary.Address, Resolvers: []string{world.Address}}
	want := []server{{"ns1.test", "192.0.2.1:53"}, {"ns2.elsewhere", "192.0.2.2:53"}}
	if got := d.othersOf(t.Context(), "test."); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAServerNeedNoPort(t *testing.T) {
	for server, want := range map[string]string{
		"ns.test": "ns.test:53", "ns.test:5353": "ns.test:5353", "192.0.2.1": "192.0.2.1:53",
		"2001:db8::1": "[2001:db8::1]:53", "[2001:db8::1]": "[2001:db8::1]:53", "[2001:db8::1]:54": "[2001:db8::1]:54",
	} {
		if got := (&DNS{Server: server}).address(); got != want {
			t.Errorf("%s is asked at %s", server, got)
		}
	}
}
