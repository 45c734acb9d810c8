package acme

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
)

// The challenges that are known, as RFC 8555 section 9.7.8 and RFC 8737 name them.
const (
	HTTP01    = "http-01"
	TLSALPN01 = "tls-alpn-01"
	DNS01     = "dns-01"
)

// Challenge is what an authority looks for. None of it is secret once it is shown.
type Challenge struct {
	// Type is one of the constants.
	Type string
	// Name is the host that is asked for, without "*.".
	Name string
	// Token and KeyAuthorization are those of RFC 8555 section 8.1.
	Token, KeyAuthorization string
}

// Path is where HTTP01 is asked, on port 80 of the host; the answer's body is
// KeyAuthorization.
func (c *Challenge) Path() string { return "/.well-known/acme-challenge/" + c.Token }

// Record is the TXT record of DNS01, its name without a dot at the end.
func (c *Challenge) Record() (name, value string) {
	sum := sha256.Sum256([]byte(c.KeyAuthorization))
	return "_acme-challenge." + c.Name, base64.RawURLEncoding.EncodeToString(sum[:])
}

// Presenter shows what an authority looks for.
type Presenter interface {
	// Present returns once everyone whom the authority may ask answers. It is called
	// once an order, with all of its challenges.
	Present(ctx context.Context, c []Challenge) error
	// Withdraw ends what Present began, also where that failed, and also after the
	// order was cancelled: its context is another one, of 10 s.
	Withdraw(ctx context.Context, c []Challenge) error
}

// Presenters has a Presenter for each type of Challenge.
type Presenters map[string]Presenter

// Present asks the Presenter of each type for its challenges.
func (p Presenters) Present(ctx context.Context, challenges []Challenge) error {
	return p.each(challenges, func(of Presenter, c []Challenge) error { return of.Present(ctx, c) })
}

// Withdraw asks the Presenter of each type.
func (p Presenters) Withdraw(ctx context.Context, challenges []Challenge) error {
	return p.each(challenges, func(of Presenter, c []Challenge) error { return of.Withdraw(ctx, c) })
}

func (p Presenters) each(challenges []Challenge, call func(Presenter, []Challenge) error) error {
	by := map[string][]Challenge{}
	for _, c := range challenges {
		by[c.Type] = append(by[c.Type], c)
	}
	var errs []error
	for _, kind := range slices.Sorted(maps.Keys(by)) {
		if of := p[kind]; of != nil {
			errs = append(errs, call(of, by[kind]))
		} else {
			errs = append(errs, fmt.Errorf("nobody here shows %s", kind))
		}
	}
	return errors.Join(errs...)
}
