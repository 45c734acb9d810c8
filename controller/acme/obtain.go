package acme

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"

	"fairlead.dev/fairlead/controller/bundle"
)

// orderTime bounds an order as a whole: an authority that wants more time gets it
// from the next one.
const orderTime = 10 * time.Minute

var errOrderTime = errors.New("it takes too long")

// Obtain carries an order out. It returns the chain and the new key, as package
// bundle keeps them, and the certificate. Where the authority says no the error is
// a *Refused, where it says nothing an *Unreachable; where ctx ends it is ctx's.
func Obtain(ctx context.Context, o *Order, p Presenter) (text []byte, leaf *x509.Certificate, err error) {
	hosts, err := o.hosts()
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, orderTime, errOrderTime)
	defer cancel()
	c, err := open(ctx, &o.Authority)
	if err != nil {
		return nil, nil, err
	}
	defer c.close()
	if c.account, err = c.accountOf(ctx, &o.Account); err != nil {
		return nil, nil, err
	}
	order, err := c.order(ctx, o, hosts)
	if err != nil {
		return nil, nil, err
	}
	if order.Status != acme.StatusReady {
		if err := c.authorize(ctx, order, o.Challenges, p); err != nil {
			return nil, nil, err
		}
		if order, err = c.ready(ctx, order); err != nil {
			return nil, nil, err
		}
	}
	return c.finish(ctx, order, hosts, o.Algorithm)
}

// order places the order.
func (c *client) order(ctx context.Context, o *Order, hosts []string) (acme.Order, error) {
	order := acme.Order{Profile: o.Profile}
	for _, host := range hosts {
		order.Identifiers = append(order.Identifiers, acme.Identifier{Type: "dns", Value: host})
	}
	if err := c.offers(o.Profile); err != nil {
		return order, err
	}
	if o.Replaces != nil && c.directory.RenewalInfo != "" {
		order.Replaces, _ = acme.ARIUniqueIdentifier(o.Replaces) // without, it is an order as any other
	}
	made, err := c.NewOrder(ctx, c.account, order)
	if order.Replaces != "" && mayNotReplace(err) {
		order.Replaces = ""
		made, err = c.NewOrder(ctx, c.account, order)
	}
	if err != nil {
		return made, c.explain(ctx, err)
	}
	return made, nil
}

// mayNotReplace says whether an order may be refused only for what it replaces:
// another order did so already, or it was not this account's, or the authority has
// forgotten it.
func mayNotReplace(err error) bool {
	var p acme.Problem
	if !errors.As(err, &p) {
		return false
	}
	switch strings.TrimPrefix(p.Type, problemPrefix) {
	case TypeAlreadyReplaced, TypeMalformed, TypeUnauthorized:
		return true
	}
	return p.Status == http.StatusNotFound
}

// ready waits until an order can be finished, all of its names being authorized:
// most authorities see that at once.
func (c *client) ready(ctx context.Context, order acme.Order) (acme.Order, error) {
	for {
		now, err := c.GetOrder(ctx, c.account, order)
		switch {
		case err != nil:
			return order, c.explain(ctx, err)
		case now.Status == acme.StatusInvalid && now.Error != nil:
			return order, c.explain(ctx, *now.Error)
		case now.Status != acme.StatusPending:
			return now, nil
		}
		select {
		case <-ctx.Done():
			return order, c.explain(ctx, ctx.Err())
		case <-time.After(pollInterval):
		}
	}
}

// finish makes the key, and has the certificate for it made.
func (c *client) finish(ctx context.Context, order acme.Order, hosts []string, algorithm string) ([]byte, *x509.Certificate, error) {
	key, err := bundle.NewKey(algorithm)
	if err != nil {
		return nil, nil, err
	}
	request, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: hosts}, key)
	if err != nil {
		return nil, nil, err
	}
	order, err = c.FinalizeOrder(ctx, c.account, order, request)
	if err != nil {
		return nil, nil, c.explain(ctx, err)
	}
	chains, err := c.GetCertificateChain(ctx, c.account, order.Certificate)
	if err != nil {
		return nil, nil, c.explain(ctx, err)
	}
	text, leaf, err := received(chains[0].ChainPEM, key, hosts, time.Now())
	if err != nil {
		return nil, nil, fmt.Errorf("what the authority %s made cannot be used: %w", c.host, err)
	}
	return text, leaf, nil
}
