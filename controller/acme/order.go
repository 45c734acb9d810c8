package acme

import (
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/mholt/acmez/v3"
	"github.com/mholt/acmez/v3/acme"

	"fairlead.dev/fairlead/controller/issue"
)

// The challenges that are known, as RFC 8555 section 9.7.8 and RFC 8737 name them.
const (
	HTTP01    = "http-01"
	TLSALPN01 = "tls-alpn-01"
	DNS01     = "dns-01"
)

// Authority is one that certificates are ordered from.
type Authority struct {
	// Directory is its URL.
	Directory string
	// Roots are whom its own certificate is to be signed by; nil are the system's.
	Roots *x509.CertPool
}

// Account is who orders.
type Account struct {
	// Key is the account's; an account is made for a key that has none.
	Key crypto.Signer
	// Email is where the authority may write to; it may be empty.
	Email string
	// External binds the account to one elsewhere (RFC 8555 section 7.3.4); nil
	// where that is not asked for.
	External *External
}

// External is the account elsewhere.
type External struct {
	KeyID string
	// Key is what is shared with the authority for it.
	Key []byte
}

// Order is a certificate to be got.
type Order struct {
	Authority
	Account
	// Names are hosts; those that begin with "*." need DNS01.
	Names []string
	// Algorithm is v1alpha1.KeyECDSA or KeyRSA, of the new key.
	Algorithm string
	// Challenges are those that can be answered, the preferred ones first.
	Challenges []string
	// Profile is one of the authority's; empty is its default.
	Profile string
	// Replaces is the certificate that this one follows (RFC 9773 section 5); nil
	// where there is none.
	Replaces *x509.Certificate
}

// Challenge is what an authority looks for.
type Challenge struct {
	// Type is one of the constants.
	Type string
	// Name is the host that is asked for, without "*.".
	Name string
	// Token and KeyAuthorization are those of RFC 8555 section 8.1.
	Token, KeyAuthorization string
}

// Presenter shows what an authority looks for.
type Presenter interface {
	// Present returns once everyone whom the authority may ask answers.
	Present(ctx context.Context, c []Challenge) error
	// Withdraw ends what Present began, also where that failed.
	Withdraw(ctx context.Context, c []Challenge) error
}

const (
	// withdrawTime bounds the end of an order that was cancelled.
	withdrawTime = 10 * time.Second
	// pollTime bounds the wait for the authority's decision on one host, and for the
	// certificate.
	pollTime = 3 * time.Minute
)

// Obtain carries an order out. It returns the chain and the new key in PEM, one
// after the other, and the certificate. Where the authority says no the error is a
// *Refused.
func Obtain(ctx context.Context, o *Order, p Presenter) (bundle []byte, leaf *x509.Certificate, err error) {
	c := newClient(o.Authority)
	defer func() { err = c.explain(err) }()
	account, err := c.account(ctx, &o.Account)
	if err != nil {
		return nil, nil, err
	}
	order, err := c.order(ctx, account, o)
	if err != nil {
		return nil, nil, err
	}
	if err := c.authorize(ctx, account, order, o, p); err != nil {
		return nil, nil, err
	}
	key, err := issue.NewKey(o.Algorithm)
	if err != nil {
		return nil, nil, err
	}
	csr, err := acmez.NewCSR(key, o.Names)
	if err != nil {
		return nil, nil, err
	}
	order, err = c.FinalizeOrder(ctx, account, order, csr.Raw)
	if err != nil {
		return nil, nil, fmt.Errorf("finalize the order: %w", err)
	}
	chains, err := c.GetCertificateChain(ctx, account, order.Certificate)
	if err != nil {
		return nil, nil, fmt.Errorf("fetch the certificate: %w", err)
	}
	return checked(chains[0].ChainPEM, key, o.Names)
}

// client speaks with one authority.
type client struct {
	acme.Client
	authority Authority
	answers   *answers
}

func newClient(a Authority) *client {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.TLSClientConfig = &tls.Config{RootCAs: a.Roots, MinVersion: tls.VersionTLS12}
	t.DisableKeepAlives = true // an order leaves nothing behind
	w := &answers{next: t}
	return &client{
		Client: acme.Client{
			Directory: a.Directory, HTTPClient: &http.Client{Transport: w, Timeout: 30 * time.Second},
			UserAgent: "fairlead", PollTimeout: pollTime, Logger: slog.New(slog.DiscardHandler),
		},
		authority: a, answers: w,
	}
}

// account is that of the key, which is made where there is none.
func (c *client) account(ctx context.Context, a *Account) (acme.Account, error) {
	account := acme.Account{TermsOfServiceAgreed: true, PrivateKey: a.Key}
	if a.Email != "" {
		account.Contact = []string{"mailto:" + a.Email}
	}
	if x := a.External; x != nil {
		eab := acme.EAB{KeyID: x.KeyID, MACKey: base64.RawURLEncoding.EncodeToString(x.Key)}
		if err := account.SetExternalAccountBinding(ctx, &c.Client, eab); err != nil {
			return account, fmt.Errorf("bind the account: %w", err)
		}
	}
	account, err := c.NewAccount(ctx, account)
	if err != nil {
		return account, fmt.Errorf("account: %w", err)
	}
	return account, nil
}

func (c *client) order(ctx context.Context, account acme.Account, o *Order) (acme.Order, error) {
	order := acme.Order{Profile: o.Profile}
	for _, name := range o.Names {
		order.Identifiers = append(order.Identifiers, acme.Identifier{Type: "dns", Value: name})
	}
	directory, err := c.GetDirectory(ctx)
	if err != nil {
		return order, err
	}
	if o.Replaces != nil && directory.RenewalInfo != "" {
		order.Replaces, _ = acme.ARIUniqueIdentifier(o.Replaces) // without, it is an order as any other
	}
	made, err := c.NewOrder(ctx, account, order)
	if order.Replaces != "" && isAlreadyReplaced(err) {
		order.Replaces = ""
		made, err = c.NewOrder(ctx, account, order)
	}
	if err != nil {
		return made, fmt.Errorf("order: %w", err)
	}
	return made, nil
}

// authorize shows that we are who answers for each host.
func (c *client) authorize(ctx context.Context, account acme.Account, order acme.Order, o *Order, p Presenter) error {
	var open []acme.Authorization
	var chosen []acme.Challenge
	var shown []Challenge
	for _, url := range order.Authorizations {
		a, err := c.GetAuthorization(ctx, account, url)
		if err != nil {
			return fmt.Errorf("authorization: %w", err)
		}
		if a.Status == acme.StatusValid {
			continue
		}
		ch, err := choose(&a, o.Challenges)
		if err != nil {
			return err
		}
		open, chosen = append(open, a), append(chosen, ch)
		shown = append(shown, Challenge{ch.Type, a.Identifier.Value, ch.Token, ch.KeyAuthorization})
	}
	if len(open) == 0 {
		return nil
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTime)
		defer cancel()
		_ = p.Withdraw(ctx, shown) // what is shown for too long says nothing to anybody
	}()
	if err := p.Present(ctx, shown); err != nil {
		return err
	}
	for i := range chosen {
		if _, err := c.InitiateChallenge(ctx, account, chosen[i]); err != nil {
			return ofHost(open[i].Identifier.Value, chosen[i].Type, err)
		}
	}
	for i := range open {
		if _, err := c.PollAuthorization(ctx, account, open[i]); err != nil {
			return ofHost(open[i].Identifier.Value, chosen[i].Type, err)
		}
	}
	return nil
}

// choose returns the first of the challenges that the authority offers.
func choose(a *acme.Authorization, challenges []string) (acme.Challenge, error) {
	var offered []string
	for _, c := range a.Challenges {
		offered = append(offered, c.Type)
	}
	for _, kind := range challenges {
		if i := slices.Index(offered, kind); i >= 0 {
			return a.Challenges[i], nil
		}
	}
	name := a.Identifier.Value
	if a.Wildcard {
		name = "*." + name
	}
	return acme.Challenge{}, fmt.Errorf("%s: the authority wants one of the challenges %s, and the issuer answers %s",
		name, strings.Join(offered, ", "), strings.Join(challenges, ", "))
}

// checked returns what was got, if it is what was ordered.
func checked(chain []byte, key crypto.Signer, names []string) ([]byte, *x509.Certificate, error) {
	bundle, err := issue.AppendKey(chain, key)
	if err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair(bundle, bundle)
	if err != nil {
		return nil, nil, fmt.Errorf("the authority's certificate: %w", err)
	}
	for _, name := range names {
		if err := pair.Leaf.VerifyHostname(strings.Replace(name, "*", "any", 1)); err != nil {
			return nil, nil, fmt.Errorf("the authority's certificate: %w", err)
		}
	}
	return bundle, pair.Leaf, nil
}
