package acme

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"fairlead.dev/fairlead/hack/pebble"
)

// mustRefuse orders, and says that the authority refuses a host, with all of some
// words; an empty kind is any.
func mustRefuse(t *testing.T, o *Order, p Presenter, host, kind string, words ...string) *Refused {
	t.Helper()
	_, _, err := Obtain(t.Context(), o, p)
	var r *Refused
	if !errors.As(err, &r) {
		t.Fatalf("%v, want a refusal", err)
	}
	if r.Name != host || kind != "" && r.Type != kind || !strings.Contains(o.Directory, "//"+r.Authority+"/") {
		t.Errorf("%+v, want %s of %q", r, kind, host)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v\nlacks %q", err, w)
		}
	}
	return r
}

// mustNotAnswer orders, and says that the authority gives no answer.
func mustNotAnswer(t *testing.T, o *Order, words ...string) *Unreachable {
	t.Helper()
	_, _, err := Obtain(t.Context(), o, nil)
	var u *Unreachable
	if !errors.As(err, &u) {
		t.Fatalf("%v, want that there is no answer", err)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%v\nlacks %q", err, w)
		}
	}
	return u
}

func TestWhoCannotBeValidatedIsTold(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	o := orderOf(t, a, "good.test", "shop.test")
	s.hide("shop.test")
	r := mustRefuse(t, o, s, "shop.test", TypeUnauthorized, "refuses http-01: ", "somebody else answers on port 80")
	if r.Challenge != HTTP01 {
		t.Errorf("%+v", r)
	}
	o.Challenges = []string{TLSALPN01}
	mustRefuse(t, o, s, "shop.test", TypeUnauthorized, "refuses tls-alpn-01: ", "somebody else answers on port 443")
	a.DNS.Lead("127.0.0.9")
	o.Challenges = []string{HTTP01}
	mustRefuse(t, orderBy(o, "shop.test"), s, "shop.test", TypeConnection, "port 80 has to be reachable from outside")
	s.mustBeEmpty(t)
}

func TestWhatTheAuthorityRefusesIsTold(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{Blocked: []string{"bank.test"}})
	o := orderOf(t, a, "shop.test")
	mustRefuse(t, orderBy(o, "shop.test", "www.bank.test"), s, "www.bank.test", TypeRejectedIdentifier, "makes no certificate for such a name")
	for path, about := range map[string]string{"": "refuses: too many", "/dir": "refuses: too many", "/sign-me-up": "refuses the account: too many", "/finalize-order/": "refuses: too many"} {
		a.Refuse(&pebble.Refusal{Path: path, Status: 429, Type: TypeRateLimited, Detail: "too many", RetryAfter: time.Hour})
		before := time.Now()
		r := mustRefuse(t, o, s, "", TypeRateLimited, about, "it may be asked again at "+before.Add(time.Hour).UTC().Format("2006-01-02T15:"))
		if in := r.RetryAfter.Sub(before); r.Status != 429 || in < 59*time.Minute || in > 61*time.Minute {
			t.Errorf("%q: %+v", path, r)
		}
		s.mustBeEmpty(t)
	}
	a.Refuse(&pebble.Refusal{Path: "/chalZ/", Status: 400, Type: TypeMalformed, Detail: "no"})
	mustRefuse(t, orderBy(o, "other.test"), s, "other.test", TypeMalformed, "other.test: the authority")
	a.Refuse(nil)
	if _, _, err := Obtain(t.Context(), o, s); err != nil {
		t.Error("then it works:", err)
	}
}

func TestWhoDoesNotAnswerIsTold(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{})
	o := orderOf(t, a, "shop.test")
	good := o.Authority

	o.Roots = x509.NewCertPool()
	if u := mustNotAnswer(t, o, "acme.caSecretRef"); !u.Untrusted {
		t.Errorf("%+v", u)
	}
	o.Authority = good
	o.Directory = strings.Replace(good.Directory, "127.0.0.1", "localhost", 1)
	if u := mustNotAnswer(t, o, "localhost"); u.Untrusted {
		t.Errorf("another host's certificate: %+v", u)
	}
	o.Directory = "https://127.0.0.1:1/dir"
	mustNotAnswer(t, o, "127.0.0.1:1", "connection refused")
	o.Directory = strings.TrimSuffix(good.Directory, "/dir") + "/roots"
	mustNotAnswer(t, o, "404")

	answer := func(w http.ResponseWriter) {}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	defer server.Close()
	o.Roots = x509.NewCertPool()
	o.Roots.AddCert(server.Certificate())
	o.Directory = server.URL + "/dir"
	for _, c := range []struct {
		answer func(http.ResponseWriter)
		want   string
	}{
		{func(w http.ResponseWriter) { fmt.Fprint(w, "<html>Welcome!</html>") }, "is no directory of RFC 8555: look at the URL"},
		{func(w http.ResponseWriter) { fmt.Fprint(w, `{"newNonce": "https://x"}`) }, "is no directory of RFC 8555: look at the URL"},
		{func(w http.ResponseWriter) { http.Error(w, "down for the weekend", http.StatusBadGateway) }, "HTTP 502: down for the weekend"},
		{func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, most+1)) }, "more than a megabyte"},
	} {
		answer = c.answer
		mustNotAnswer(t, o, c.want)
	}
	answer = func(w http.ResponseWriter) {
		w.Header().Set("Retry-After", "120")
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	if u := mustNotAnswer(t, o, "503"); time.Until(u.RetryAfter) < time.Minute {
		t.Errorf("%+v", u)
	}
	for _, directory := range []string{"", "http://127.0.0.1/dir", "acme.test/dir", "https:///dir", "https://a b/"} {
		o.Directory = directory
		if _, _, err := Obtain(t.Context(), o, nil); err == nil || !strings.Contains(err.Error(), "begins with https://") {
			t.Errorf("%q: %v", directory, err)
		}
	}
}

func TestARefusalSaysWhatToDo(t *testing.T) {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		r    Refused
		want string
	}{
		{Refused{Type: TypeDNS, Detail: "NXDOMAIN.", Name: "shop.test", Challenge: HTTP01},
			"shop.test: the authority ca.test refuses http-01: NXDOMAIN (dns): the name needs A or AAAA records that lead here, to port 80"},
		{Refused{Type: TypeTLS, Detail: "bad record", Name: "shop.test", Challenge: TLSALPN01},
			"shop.test: the authority ca.test refuses tls-alpn-01: bad record (tls): somebody else answers on port 443: all A and AAAA records of the name have to lead here"},
		{Refused{Type: TypeUnauthorized, Detail: "Incorrect TXT record", Name: "shop.test", Challenge: DNS01},
			"shop.test: the authority ca.test refuses dns-01: Incorrect TXT record (unauthorized): the name servers that answer for _acme-challenge.shop.test everywhere have to be those that take the changes, or follow them"},
		{Refused{Type: TypeCAA, Detail: "CAA record for shop.test prevents issuance", Name: "shop.test", Challenge: HTTP01},
			"shop.test: the authority ca.test refuses http-01: CAA record for shop.test prevents issuance (caa): the CAA records of the name, or of what is above it, have to allow this authority"},
		{Refused{Type: TypeRateLimited, Detail: "too many", RetryAfter: at},
			"the authority ca.test refuses: too many (rateLimited): it may be asked again at 2026-11-01T12:00:00Z"},
		{Refused{Type: TypeRateLimited, Detail: "too many"}, "the authority ca.test refuses: too many (rateLimited): it is asked too often"},
		{Refused{Type: TypeUnauthorized, Detail: "the account is deactivated", account: true},
			"the authority ca.test refuses the account: the account is deactivated (unauthorized)"},
		{Refused{Type: "of its own", Detail: ""}, "the authority ca.test refuses: it does not say why (of its own)"},
	} {
		c.r.Authority = "ca.test"
		if got := c.r.Error(); got != c.want {
			t.Errorf("%s\nwant\n%s", got, c.want)
		}
	}
}

// RFC 8555 section 6.7.1's example.
func TestASubproblemNamesTheHost(t *testing.T) {
	c := client{host: "ca.test", wire: newWire(nil)}
	r := c.refused(acme.Problem{
		Type: problemPrefix + TypeMalformed, Detail: "Some of the identifiers requested were rejected", Status: 403,
		Subproblems: []acme.Subproblem{
			{Problem: acme.Problem{Type: problemPrefix + TypeMalformed, Detail: `Invalid underscore in DNS name "_example.org"`}, Identifier: acme.Identifier{Type: "dns", Value: "_example.org"}},
			{Problem: acme.Problem{Type: problemPrefix + TypeRejectedIdentifier, Detail: "This CA will not issue for \"example.net\""}, Identifier: acme.Identifier{Type: "dns", Value: "example.net"}},
		},
	})
	const want = `_example.org: the authority ca.test refuses: Some of the identifiers requested were rejected; Invalid underscore in DNS name "_example.org"; example.net: This CA will not issue for "example.net" (malformed)`
	if r.Error() != want {
		t.Errorf("%s\nwant\n%s", r, want)
	}
}

func TestAnOrderThatTakesTooLongIsNoCancelledOne(t *testing.T) {
	c := client{host: "ca.test", wire: newWire(nil)}
	bound, cancel := context.WithTimeoutCause(t.Context(), 0, errOrderTime)
	defer cancel()
	<-bound.Done()
	var u *Unreachable
	if err := c.explain(bound, bound.Err()); !errors.As(err, &u) || err.Error() != "the authority ca.test gives no answer: it takes too long" {
		t.Error(err)
	}
	outer, end := context.WithCancel(t.Context())
	inner, cancel := context.WithTimeoutCause(outer, time.Hour, errOrderTime)
	defer cancel()
	end()
	if err := c.explain(inner, fmt.Errorf("asking: %w", inner.Err())); err != context.Canceled {
		t.Error(err)
	}
}

func TestRetryAfterIsATimeOrSeconds(t *testing.T) {
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Time{
		"": {}, "soon": {}, "-1": {}, "90": now.Add(90 * time.Second), "Sun, 01 Nov 2026 13:00:00 GMT": now.Add(time.Hour),
	} {
		if got := retryAfter(value, now); !got.Equal(want) {
			t.Errorf("%q is %s", value, got)
		}
	}
}
