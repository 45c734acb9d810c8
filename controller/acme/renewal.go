package acme

import (
	"context"
	"crypto/x509"
	"errors"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// Renewal is when an authority wants a certificate to be renewed (RFC 9773).
type Renewal struct {
	// At is a time at random in the authority's window; zero where it names none.
	At time.Time
	// Explanation is the URL of a page that says why; it may be empty.
	Explanation string
	// AskAgain is when to ask anew; zero where it need not be asked.
	AskAgain time.Time
}

// askAgain is how long an answer holds where the authority does not say.
const askAgain = 6 * time.Hour

// RenewalInfo asks an authority about a certificate of its own. One that gives no
// such information is no error.
func RenewalInfo(ctx context.Context, a Authority, leaf *x509.Certificate) (Renewal, error) {
	c := newClient(a)
	info, err := c.GetRenewalInfo(ctx, leaf)
	if errors.Is(err, acme.ErrUnsupported) {
		return Renewal{}, nil
	}
	if err != nil {
		return Renewal{}, c.explain(err)
	}
	r := Renewal{At: info.SelectedTime, Explanation: info.ExplanationURL, AskAgain: time.Now().Add(askAgain)}
	if info.RetryAfter != nil {
		r.AskAgain = *info.RetryAfter
	}
	return r, nil
}
