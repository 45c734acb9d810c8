package acme

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

const problemPrefix = "urn:ietf:params:acme:error:"

// The Types of a Refused that are told apart here (RFC 8555 section 6.7).
const (
	TypeAlreadyReplaced         = "alreadyReplaced" // RFC 9773 section 7.4
	TypeBadCSR                  = "badCSR"
	TypeBadPublicKey            = "badPublicKey"
	TypeCAA                     = "caa"
	TypeConnection              = "connection"
	TypeDNS                     = "dns"
	TypeExternalAccountRequired = "externalAccountRequired"
	TypeIncorrectResponse       = "incorrectResponse"
	TypeInvalidContact          = "invalidContact"
	TypeMalformed               = "malformed"
	TypeRateLimited             = "rateLimited"
	TypeRejectedIdentifier      = "rejectedIdentifier"
	TypeServerInternal          = "serverInternal"
	TypeTLS                     = "tls"
	TypeUnauthorized            = "unauthorized"
	TypeUnsupportedContact      = "unsupportedContact"
	TypeUnsupportedIdentifier   = "unsupportedIdentifier"
	TypeUserActionRequired      = "userActionRequired"
)

// Refused is that an authority said no.
type Refused struct {
	// Authority is the host of its Directory.
	Authority string
	// Type is the kind of problem without its prefix, one of the constants or
	// another one: "rateLimited".
	Type string
	// Detail is what it says to people.
	Detail string
	// Status is that of HTTP; 0 where it says none.
	Status int
	// RetryAfter is when the authority wants to be asked again; zero where it does
	// not say.
	RetryAfter time.Time
	// Name is the host that it is about; empty where it is about the whole order, or
	// the account.
	Name string
	// Challenge is the type that was tried for Name; empty where none was.
	Challenge string

	account, bound bool // it is about the account, which was to be bound
}

// Error says who refused what, what the authority said, and what to do.
func (r *Refused) Error() string {
	var b strings.Builder
	if r.Name != "" {
		b.WriteString(r.Name + ": ")
	}
	b.WriteString("the authority " + r.Authority + " refuses")
	switch {
	case r.Challenge != "":
		b.WriteString(" " + r.Challenge)
	case r.account:
		b.WriteString(" the account")
	}
	b.WriteString(": " + strings.TrimRight(cmp.Or(r.Detail, "it does not say why"), ". "))
	if r.Type != "" {
		b.WriteString(" (" + r.Type + ")")
	}
	if advice := r.advice(); advice != "" {
		b.WriteString(": " + advice)
	}
	return b.String()
}

// advice is what to do by Type, whatever was tried.
var advice = map[string]string{
	TypeRateLimited:             "it is asked too often",
	TypeExternalAccountRequired: "it wants an account that you have with it: set acme.externalAccountBinding of the issuer to the key ID and the key that it gives you",
	TypeInvalidContact:          "set acme.email of the issuer to an address that it takes",
	TypeUnsupportedContact:      "set acme.email of the issuer to an address that it takes",
	TypeRejectedIdentifier:      "it makes no certificate for such a name",
	TypeUnsupportedIdentifier:   "it makes no certificate for such a name",
	TypeCAA:                     "the CAA records of the name, or of what is above it, have to allow this authority",
	TypeBadCSR:                  "if it does not take this kind of key, set privateKey.algorithm to the other one",
	TypeBadPublicKey:            "if it does not take this kind of key, set privateKey.algorithm to the other one",
	TypeUserActionRequired:      "somebody has to do there what it asks for",
	TypeServerInternal:          "that is trouble of its own",
}

// advice is what to do, empty where the authority's words are all there is.
func (r *Refused) advice() string {
	if r.Type == TypeRateLimited && !r.RetryAfter.IsZero() {
		return "it may be asked again at " + inUTC(r.RetryAfter)
	}
	if a := advice[r.Type]; a != "" {
		return a
	}
	if r.account && r.bound {
		return "look at key ID and key of acme.externalAccountBinding of the issuer"
	}
	if r.Challenge == DNS01 {
		return fmt.Sprintf("the name servers that answer for _acme-challenge.%s everywhere have to be those that take the changes, or follow them", r.Name)
	}
	port := map[string]string{HTTP01: "80", TLSALPN01: "443"}[r.Challenge]
	switch {
	case port == "":
		return ""
	case r.Type == TypeDNS:
		return fmt.Sprintf("the name needs A or AAAA records that lead here, to port %s", port)
	case r.Type == TypeUnauthorized, r.Type == TypeIncorrectResponse, r.Type == TypeTLS:
		return fmt.Sprintf("somebody else answers on port %s: all A and AAAA records of the name have to lead here", port)
	}
	return fmt.Sprintf("the A and AAAA records of the name have to lead here, and port %s has to be reachable from outside", port)
}

// Unreachable is that an authority gave no answer, or one that is none, or that its
// own certificate is not trusted.
type Unreachable struct {
	// Authority is the host of its Directory.
	Authority string
	// Untrusted: nobody in Roots vouches for the authority's own certificate.
	Untrusted bool
	// RetryAfter is when the authority wants to be asked again; zero where it does
	// not say.
	RetryAfter time.Time
	// Err is what happened.
	Err error
}

// Error says what happened, and what to do.
func (u *Unreachable) Error() string {
	if u.Untrusted {
		return fmt.Sprintf("who signed the own certificate of the authority %s is not trusted: name its root in acme.caSecretRef of the issuer: %v", u.Authority, u.Err)
	}
	return fmt.Sprintf("the authority %s gives no answer: %v", u.Authority, u.Err)
}

// Unwrap returns what happened.
func (u *Unreachable) Unwrap() error { return u.Err }

// explain makes what the library says an error for people.
func (c *client) explain(ctx context.Context, err error) error {
	var p acme.Problem
	var unknown x509.UnknownAuthorityError
	var asking *url.Error
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &p):
		return c.refused(p)
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), errOrderTime):
		return ctx.Err()
	case ctx.Err() != nil:
		err = errOrderTime
	case errors.As(err, &verify):
		err = verify
	case errors.As(err, &asking):
		err = asking.Err
	}
	return &Unreachable{Authority: c.host, Untrusted: errors.As(err, &unknown), RetryAfter: c.wire.retryAfter(), Err: err}
}

func (c *client) refused(p acme.Problem) *Refused {
	r := &Refused{
		Authority: c.host, Type: strings.TrimPrefix(p.Type, problemPrefix), Detail: p.Detail, Status: p.Status,
		RetryAfter: c.wire.retryAfter(),
	}
	for _, s := range p.Subproblems {
		said := s.Detail
		switch host := s.Identifier.Value; {
		case host == "":
		case r.Name == "":
			r.Name, r.Type = host, cmp.Or(strings.TrimPrefix(s.Type, problemPrefix), r.Type)
		default:
			said = host + ": " + said
		}
		r.Detail = strings.TrimPrefix(strings.TrimRight(r.Detail, ". ")+"; "+said, "; ")
	}
	if p.Type == problemPrefix+TypeUserActionRequired && p.Instance != "" {
		r.Detail += " " + p.Instance
	}
	return r
}
