package acme

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/pebble"
)

func TestAnAuthoritySaysWhenToRenew(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	a := start(t, s, pebble.Options{Lifetime: 600})
	o := orderOf(t, a, "shop.test")
	_, leaf, err := Obtain(t.Context(), o, s)
	if err != nil {
		t.Fatal(err)
	}
	r, err := RenewalInfo(t.Context(), o.Authority, leaf)
	if err != nil || r.Start.Before(leaf.NotBefore) || r.At.Before(r.Start) || r.At.After(r.End) || r.End.After(leaf.NotAfter) || time.Until(r.AskAgain) < 5*time.Hour {
		t.Errorf("%+v, %v", r, err)
	}
	start := time.Now().Add(-2 * time.Hour).Truncate(time.Second)
	end, page := start.Add(time.Hour), "https://authority.test/why"
	a.Renew(t, leaf, start, end, page)
	if r, err = RenewalInfo(t.Context(), o.Authority, leaf); err != nil || !r.Start.Equal(start) || !r.End.Equal(end) || r.Explanation != page {
		t.Errorf("%+v, %v", r, err)
	}
	a.Renew(t, leaf, end, start, "")
	if r, err = RenewalInfo(t.Context(), o.Authority, leaf); err == nil || !strings.Contains(err.Error(), "is no time: from ") || r != (Renewal{}) {
		t.Errorf("a window that ends before it begins: %+v, %v", r, err)
	}
	other := another(t, a)
	_, err = RenewalInfo(t.Context(), other, leaf)
	var refused *Refused
	if !errors.As(err, &refused) || refused.Status < 400 {
		t.Errorf("of another's certificate: %v", err)
	}
}

// another is another authority than a.
func another(t *testing.T, a *pebble.Authority) Authority {
	t.Helper()
	b := pebble.Start(t, pebble.Options{})
	if b.Directory == a.Directory {
		t.Fatal("it is the same")
	}
	return Authority{Directory: b.Directory, Roots: b.Roots()}
}

// answering is an authority of our own, with one answer to all questions for
// renewal information.
func answering(t *testing.T, offers bool, answer http.HandlerFunc) Authority {
	t.Helper()
	var server *httptest.Server
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/dir" {
			answer(w, r)
			return
		}
		more := ""
		if offers {
			more = fmt.Sprintf(`, "renewalInfo": "%s/renew/"`, server.URL)
		}
		fmt.Fprintf(w, `{"newNonce": "%[1]s/n", "newAccount": "%[1]s/a", "newOrder": "%[1]s/o"%[2]s}`, server.URL, more)
	}))
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return Authority{Directory: server.URL + "/dir", Roots: roots}
}

func TestWhenToAskAgainIsBounded(t *testing.T) {
	leaf := selfSigned(t)
	for said, want := range map[string]time.Duration{"": askAgain, "1": soonest, "7200": 2 * time.Hour, "999999": latest, "never": askAgain} {
		a := answering(t, true, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/renew/") || !strings.Contains(r.URL.Path, ".") {
				t.Errorf("asked for %s", r.URL.Path)
			}
			w.Header().Set("Retry-After", said)
			fmt.Fprint(w, `{"suggestedWindow": {"start": "2026-11-01T00:00:00Z", "end": "2026-11-02T00:00:00Z"}}`)
		})
		r, err := RenewalInfo(t.Context(), a, leaf)
		if in := time.Until(r.AskAgain); err != nil || in > want || in < want-time.Minute {
			t.Errorf("%q: ask again in %v, %v", said, in, err)
		}
	}
}

func TestAnAuthorityMaySayNothingOfRenewal(t *testing.T) {
	leaf := selfSigned(t)
	none := answering(t, false, func(http.ResponseWriter, *http.Request) { t.Error("it is asked") })
	if r, err := RenewalInfo(t.Context(), none, leaf); err != nil || r != (Renewal{}) {
		t.Errorf("%+v, %v", r, err)
	}
	unnamed := *leaf
	unnamed.AuthorityKeyId = nil
	if r, err := RenewalInfo(t.Context(), none, &unnamed); err != nil || r != (Renewal{}) {
		t.Errorf("%+v, %v", r, err)
	}
	garbage := answering(t, true, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "soon") })
	if r, err := RenewalInfo(t.Context(), garbage, leaf); err == nil || r != (Renewal{}) {
		t.Errorf("%+v, %v", r, err)
	}
}
