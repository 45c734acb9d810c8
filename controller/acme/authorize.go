package acme

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mholt/acmez/v3/acme"
)

// withdrawTime bounds the end of an order that was cancelled.
const withdrawTime = 10 * time.Second

// authorization is one that an order lacks, with the challenge that is answered.
type authorization struct {
	acme.Authorization
	chosen acme.Challenge
}

// authorize shows that we are who answers for each host.
func (c *client) authorize(ctx context.Context, order acme.Order, challenges []string, p Presenter) (err error) {
	open, err := c.lacking(ctx, order, challenges)
	if err != nil || len(open) == 0 {
		return err
	}
	var shown []Challenge
	for _, a := range open {
		shown = append(shown, Challenge{a.chosen.Type, a.Identifier.Value, a.chosen.Token, a.chosen.KeyAuthorization})
	}
	defer func() {
		after, cancel := context.WithTimeout(context.WithoutCancel(ctx), withdrawTime)
		defer cancel()
		if w := p.Withdraw(after, shown); w != nil {
			c.log.Debug("a challenge could not be withdrawn", "error", w) // what is shown for too long harms nobody
		}
		if err != nil && ctx.Err() == nil {
			c.giveUp(after, open)
		}
	}()
	if err := p.Present(ctx, shown); err != nil {
		return err
	}
	for _, a := range open {
		if _, err := c.InitiateChallenge(ctx, c.account, a.chosen); err != nil {
			return c.explainHost(ctx, a, err)
		}
	}
	for i, a := range open {
		decided, err := c.PollAuthorization(ctx, c.account, a.Authorization)
		if decided.Status != "" {
			open[i].Status = decided.Status
		}
		if err != nil {
			return c.explainHost(ctx, a, err)
		}
	}
	return nil
}

// lacking are the authorizations that an order still needs.
func (c *client) lacking(ctx context.Context, order acme.Order, challenges []string) ([]authorization, error) {
	var open []authorization
	for _, url := range order.Authorizations {
		a, err := c.GetAuthorization(ctx, c.account, url)
		if err != nil {
			return nil, c.explain(ctx, err)
		}
		switch a.Status {
		case acme.StatusValid:
			continue
		case acme.StatusPending:
		default:
			return nil, &Refused{Authority: c.host, Name: a.Identifier.Value, Detail: "the authorization is " + a.Status}
		}
		chosen, err := c.choose(&a, challenges)
		if err != nil {
			return nil, err
		}
		open = append(open, authorization{a, chosen})
	}
	return open, nil
}

// choose returns the first of the challenges that the authority offers.
func (c *client) choose(a *acme.Authorization, challenges []string) (acme.Challenge, error) {
	var offered []string
	for _, ch := range a.Challenges {
		offered = append(offered, ch.Type)
	}
	for _, kind := range challenges {
		if i := slices.Index(offered, kind); i >= 0 {
			return a.Challenges[i], nil
		}
	}
	return acme.Challenge{}, fmt.Errorf("%s: the authority %s wants one of the challenges %s, and the issuer answers %s",
		a.IdentifierValue(), c.host, strings.Join(offered, ", "), strings.Join(challenges, ", "))
}

// giveUp tells the authority that what it has not decided is not wanted any more:
// there is a limit on how much may be pending (RFC 8555 section 7.5.2).
func (c *client) giveUp(ctx context.Context, open []authorization) {
	for _, a := range open {
		if a.Status != acme.StatusPending {
			continue
		}
		if _, err := c.DeactivateAuthorization(ctx, c.account, a.Location); err != nil {
			c.log.Debug("an authorization could not be given up", "name", a.Identifier.Value, "error", err)
			return
		}
	}
}

// explainHost is explain for what failed with one host.
func (c *client) explainHost(ctx context.Context, a authorization, err error) error {
	err = c.explain(ctx, err)
	var r *Refused
	if errors.As(err, &r) {
		r.Name, r.Challenge = a.Identifier.Value, a.chosen.Type
	}
	return err
}
