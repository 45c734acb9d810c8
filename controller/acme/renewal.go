package acme

import (
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// Renewal is when an authority wants a certificate to be renewed (RFC 9773).
type Renewal struct {
	// Start and End are the authority's window; zero where it names none. A window
	// that is over means now.
	Start, End time.Time
	// At is a time at random in the window; zero where there is none.
	At time.Time
	// Explanation is the URL of a page that says why; it may be empty.
	Explanation string
	// AskAgain is when to ask anew; zero where it need not be asked.
	AskAgain time.Time
}

const (
	// soonest and latest bound what an authority says (RFC 9773 section 4.3.2).
	soonest, latest = time.Minute, 24 * time.Hour
	// askAgain is how long an answer holds where the authority does not say.
	askAgain = 6 * time.Hour
	// renewalTime bounds the question.
	renewalTime = time.Minute
)

// RenewalInfo asks an authority about a certificate of its own. One that gives no
// such information is no error.
func RenewalInfo(ctx context.Context, a Authority, leaf *x509.Certificate) (Renewal, error) {
	if len(leaf.AuthorityKeyId) == 0 {
		return Renewal{}, nil // it has no name that the authority would know
	}
	ctx, cancel := context.WithTimeoutCause(ctx, renewalTime, errOrderTime)
	defer cancel()
	c, err := open(ctx, &a)
	if err != nil {
		return Renewal{}, err
	}
	defer c.close()
	if c.directory.RenewalInfo == "" {
		return Renewal{}, nil
	}
	info, err := c.renewalInfo(ctx, leaf)
	if err != nil {
		return Renewal{}, c.explain(ctx, err)
	}
	return info, nil
}

func (c *client) renewalInfo(ctx context.Context, leaf *x509.Certificate) (Renewal, error) {
	id, err := acme.ARIUniqueIdentifier(leaf)
	if err != nil {
		return Renewal{}, err
	}
	body, head, err := c.get(ctx, strings.TrimSuffix(c.directory.RenewalInfo, "/")+"/"+id)
	if err != nil {
		return Renewal{}, err
	}
	var info acme.RenewalInfo
	if err := json.Unmarshal(body, &info); err != nil {
		return Renewal{}, fmt.Errorf("its renewal information cannot be read: %w", err)
	}
	w := info.SuggestedWindow
	if w.Start.IsZero() || !w.Start.Before(w.End) {
		return Renewal{}, fmt.Errorf("its renewal information is no time: from %s to %s", inUTC(w.Start), inUTC(w.End))
	}
	now := time.Now()
	r := Renewal{Start: w.Start, End: w.End, At: w.Start.Add(rand.N(w.End.Sub(w.Start))), Explanation: info.ExplanationURL, AskAgain: now.Add(askAgain)}
	if after := retryAfter(head.Get("Retry-After"), now); !after.IsZero() {
		r.AskAgain = now.Add(min(max(after.Sub(now), soonest), latest))
	}
	return r, nil
}
