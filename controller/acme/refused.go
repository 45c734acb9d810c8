package acme

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// Refused is that an authority said no.
type Refused struct {
	// Type is the kind of problem without its prefix, as in RFC 8555 section 6.7:
	// "rateLimited".
	Type string
	// RetryAfter is when the authority wants to be asked again; zero where it does
	// not say.
	RetryAfter time.Time

	err error
}

// Error says what the authority said and what to do.
func (r *Refused) Error() string { return r.err.Error() + advice[r.Type] }

// Unwrap returns the library's error.
func (r *Refused) Unwrap() error { return r.err }

const problemPrefix = "urn:ietf:params:acme:error:"

// advice is what to do, by Type.
var advice = map[string]string{
	"connection":              ": the authority has to reach this host on port 80, or 443 for tls-alpn-01",
	"dns":                     ": the host has to have an address in the DNS that leads here",
	"unauthorized":            ": what the authority reached for this host is not Fairlead; look where its DNS leads",
	"caa":                     ": a CAA record of the host forbids this authority",
	"externalAccountRequired": ": set acme.externalAccountBinding of the issuer",
	"rejectedIdentifier":      ": this authority makes no certificate for the host",
}

// isAlreadyReplaced says whether another order replaced a certificate already (RFC
// 9773 section 5).
func isAlreadyReplaced(err error) bool {
	var p acme.Problem
	return errors.As(err, &p) && p.Type == problemPrefix+"alreadyReplaced"
}

// ofHost names the host that an error is of.
func ofHost(name, challenge string, err error) error {
	return fmt.Errorf("%s by %s: %w", name, challenge, err)
}

// explain makes what the library says an error for people.
func (c *client) explain(err error) error {
	var p acme.Problem
	var unknown x509.UnknownAuthorityError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return &Refused{Type: strings.TrimPrefix(p.Type, problemPrefix), RetryAfter: c.answers.retryAfter(), err: err}
	case errors.As(err, &unknown):
		return fmt.Errorf("%s: who signed the authority's own certificate is not trusted: name the root in acme.caSecretRef of the issuer: %w", c.authority.Directory, err)
	}
	return fmt.Errorf("%s: %w", c.authority.Directory, err)
}

// answers remembers when the authority wanted to be asked again, which the library
// does not tell.
type answers struct {
	next http.RoundTripper

	mu    sync.Mutex // guards following
	after time.Time
}

// RoundTrip sends a request.
func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := a.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.after = time.Time{}
	if answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusServiceUnavailable {
		a.after = retryAfter(answer.Header.Get("Retry-After"), time.Now())
	}
	return answer, nil
}

func (a *answers) retryAfter() time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.after
}

// retryAfter reads a Retry-After (RFC 9110 section 10.2.3); zero is none.
func retryAfter(value string, now time.Time) time.Time {
	if n, err := strconv.Atoi(value); err == nil && n >= 0 {
		return now.Add(time.Duration(n) * time.Second)
	}
	t, _ := http.ParseTime(value)
	return t
}
