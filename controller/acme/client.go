package acme

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

const (
	// pollInterval is how often an authority is asked that does not say.
	pollInterval = 500 * time.Millisecond
	// pollTime bounds the wait for the authority's decision on one host, and for the
	// certificate.
	pollTime = 3 * time.Minute
	// answerTime bounds one answer.
	answerTime = 30 * time.Second
)

// client speaks with one authority.
type client struct {
	acme.Client
	host      string
	directory acme.Directory
	account   acme.Account
	wire      *wire
	log       *slog.Logger
}

// open reads an authority's directory.
//
// The library would do so, under a lock for all authorities and for as long as one
// of them does not answer, and would keep it for 12 hours. So it is read here, and
// the library is answered from memory, under an address that changes with the
// content.
func open(ctx context.Context, a *Authority) (*client, error) {
	u, err := url.Parse(a.Directory)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("%q is no directory of an authority: it begins with https://", a.Directory)
	}
	w := newWire(a.Roots)
	c := &client{host: u.Host, wire: w, log: cmp.Or(a.Log, slog.New(slog.DiscardHandler))}
	c.Client = acme.Client{
		HTTPClient: &http.Client{Transport: w, Timeout: answerTime}, UserAgent: "fairlead",
		PollInterval: pollInterval, PollTimeout: pollTime, Logger: quiet(c.log),
	}
	if err := c.read(ctx, a.Directory); err != nil {
		c.close()
		return nil, c.explain(ctx, err)
	}
	return c, nil
}

func (c *client) read(ctx context.Context, directory string) error {
	body, _, err := c.get(ctx, directory)
	if err != nil {
		return err
	}
	d := &c.directory
	if err := json.Unmarshal(body, d); err != nil || d.NewNonce == "" || d.NewAccount == "" || d.NewOrder == "" {
		return fmt.Errorf("what %s answers is no directory of RFC 8555: look at the URL", directory)
	}
	return c.tell(directory, d)
}

// get asks without a signature.
func (c *client) get(ctx context.Context, from string) (body []byte, head http.Header, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, from, http.NoBody)
	if err != nil {
		return nil, nil, err
	}
	r.Header.Set("User-Agent", c.UserAgent)
	answer, err := c.HTTPClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	if body, err = io.ReadAll(answer.Body); err != nil {
		return nil, nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, nil, problemOf(answer, body)
	}
	return body, answer.Header, nil
}

// tell gives the library a directory. It is not told of renewal information, for
// which it would ask, and wait, between a certificate and its return.
func (c *client) tell(directory string, d *acme.Directory) error {
	without := *d
	without.RenewalInfo = ""
	text, err := json.Marshal(without)
	if err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	u, err := url.Parse(directory)
	if err != nil {
		return err
	}
	u.Fragment = base64.RawURLEncoding.EncodeToString(sum[:])
	c.Directory = u.String()
	c.wire.directory, c.wire.fragment = text, u.Fragment
	return nil
}

// problemOf is what an authority says instead of what it was asked for.
func problemOf(answer *http.Response, body []byte) error {
	var p acme.Problem
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind == "application/problem+json" && json.Unmarshal(body, &p) == nil {
		p.Status = cmp.Or(p.Status, answer.StatusCode)
		return p
	}
	return fmt.Errorf("HTTP %d: %s", answer.StatusCode, bytes.TrimSpace(body))
}

// close leaves nothing behind.
func (c *client) close() { c.wire.next.CloseIdleConnections() }

// offers says whether the authority has a profile.
func (c *client) offers(profile string) error {
	if profile == "" {
		return nil
	}
	var known map[string]string
	if c.directory.Meta != nil {
		known = c.directory.Meta.Profiles
	}
	if _, ok := known[profile]; ok {
		return nil
	}
	if len(known) == 0 {
		return fmt.Errorf("the authority %s has no profiles: leave profile out", c.host)
	}
	return fmt.Errorf("the authority %s has no profile %s: it has %s", c.host, profile, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

// accountOf is the account of a key, which is made where there is none.
func (c *client) accountOf(ctx context.Context, a *Account) (acme.Account, error) {
	account := acme.Account{TermsOfServiceAgreed: true, PrivateKey: a.Key}
	if a.Key == nil {
		return account, errors.New("an account needs a key")
	}
	if a.Email != "" {
		account.Contact = []string{"mailto:" + a.Email}
	}
	if x := a.External; x != nil {
		eab := acme.EAB{KeyID: x.KeyID, MACKey: base64.RawURLEncoding.EncodeToString(x.Key)}
		if err := account.SetExternalAccountBinding(ctx, &c.Client, eab); err != nil {
			return account, c.explain(ctx, err)
		}
	}
	made, err := c.NewAccount(ctx, account)
	if err != nil {
		err = c.explain(ctx, err)
		var r *Refused
		if errors.As(err, &r) {
			r.account, r.bound = true, a.External != nil
		}
		return account, err
	}
	if cmp.Or(made.Status, acme.StatusValid) != acme.StatusValid {
		return made, &Refused{Authority: c.host, Type: TypeUnauthorized, Detail: "the account is " + made.Status, account: true}
	}
	return c.keepContact(ctx, made, account.Contact)
}

// keepContact tells the authority of an email that is not the account's any more.
// Some do not say what they know, and are not told.
func (c *client) keepContact(ctx context.Context, made acme.Account, contact []string) (acme.Account, error) {
	if len(contact) == 0 || len(made.Contact) == 0 || slices.Equal(made.Contact, contact) {
		return made, nil
	}
	changed := acme.Account{Location: made.Location, PrivateKey: made.PrivateKey, Contact: contact}
	if _, err := c.UpdateAccount(ctx, changed); err != nil {
		return made, c.explain(ctx, err)
	}
	return made, nil
}
