package acme

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"
)

// DNS shows what DNS01 looks for, in a zone that is changed by RFC 2136.
//
// Where _acme-challenge of a host is an alias (CNAME), the record stands where it
// leads: so one zone that takes changes serves for hosts in others that take none.
type DNS struct {
	// Server takes the changes: the zone's primary server, "host", "host:port" or
	// "[address]:port". The port is 53 by default.
	Server string
	// Zone is what is changed; empty, it is found, as the one that Server has with
	// the record's name in it.
	Zone string
	// KeyName, Algorithm and Secret sign the changes (RFC 8945). The algorithm is
	// HMACSHA256 (the default), HMACSHA1, HMACSHA224, HMACSHA384 or HMACSHA512, also
	// written as "hmac-sha256"; the secret is in base64. Without a name nothing is
	// signed.
	KeyName, Algorithm, Secret string
	// Resolvers are asked, by host and port, for what Server does not know: aliases
	// and the addresses of the zone's other servers. Empty, they are the system's.
	Resolvers []string
	// Patience is how long the zone's servers may take to answer with a new record;
	// 0 is 2 minutes.
	Patience time.Duration

	mu    sync.Mutex // guards following
	added map[Challenge]place

	others func(context.Context, string) []server // other servers of a zone; tests replace it
}

// place is where a record stands.
type place struct {
	zone   string
	record *dns.TXT
}

const (
	// textLife is for how many seconds others may remember a record.
	textLife = 60
	// fudge is how many seconds the two clocks may differ.
	fudge = 300
	// together is how many records are looked after at a time.
	together = 8
	patience = 2 * time.Minute
)

// Present adds the records, and returns when all servers of their zones that can be
// asked answer with them.
func (d *DNS) Present(ctx context.Context, challenges []Challenge) error {
	if err := d.check(); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(together)
	for _, c := range challenges {
		group.Go(func() error {
			if err := d.add(ctx, c); err != nil {
				return fmt.Errorf("%s: the record of %s: %w", c.Name, DNS01, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (d *DNS) add(ctx context.Context, c Challenge) error {
	p, err := d.place(ctx, c)
	if err != nil {
		return err
	}
	d.mu.Lock()
	if d.added == nil {
		d.added = map[Challenge]place{}
	}
	d.added[c] = p // before it is there: the answer may be lost
	d.mu.Unlock()
	change := new(dns.Msg)
	change.SetUpdate(p.zone)
	change.Insert([]dns.RR{p.record})
	if err := d.change(ctx, change); err != nil {
		return err
	}
	return d.wait(ctx, p)
}

// Withdraw takes the records away, and leaves others of the same names.
func (d *DNS) Withdraw(ctx context.Context, challenges []Challenge) error {
	var group errgroup.Group
	group.SetLimit(together)
	errs := make([]error, len(challenges))
	for i, c := range challenges {
		d.mu.Lock()
		p, ok := d.added[c]
		delete(d.added, c)
		d.mu.Unlock()
		if !ok {
			continue
		}
		group.Go(func() error {
			change := new(dns.Msg)
			change.SetUpdate(p.zone)
			change.Remove([]dns.RR{p.record})
			if err := d.change(ctx, change); err != nil {
				errs[i] = fmt.Errorf("%s: the record of %s: %w", c.Name, DNS01, err)
			}
			return nil
		})
	}
	_ = group.Wait()
	return errors.Join(errs...)
}

// change has Server change a zone.
func (d *DNS) change(ctx context.Context, m *dns.Msg) error {
	if d.KeyName != "" {
		m.SetTsig(dns.CanonicalName(d.KeyName), d.algorithm(), fudge, time.Now().Unix())
	}
	zone := m.Question[0].Name
	answer, err := d.exchange(ctx, m)
	if answer != nil {
		if sig := answer.IsTsig(); sig != nil && sig.Error != dns.RcodeSuccess {
			return d.badKey(int(sig.Error))
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("%s, which is to take the changes: %w", d.Server, err)
	case answer.Rcode == dns.RcodeSuccess:
		return nil
	case answer.Rcode == dns.RcodeNotAuth:
		return fmt.Errorf("%s does not serve the zone %s, or does not know the key %q (NOTAUTH)", d.Server, zone, d.KeyName)
	case answer.Rcode == dns.RcodeRefused:
		return fmt.Errorf("%s refuses to change the zone %s: allow that to the key %q (REFUSED)", d.Server, zone, d.KeyName)
	}
	return fmt.Errorf("%s does not change the zone %s: %s", d.Server, zone, dns.RcodeToString[answer.Rcode])
}

// badKey is what a server says of a signature (RFC 8945 section 5.2).
func (d *DNS) badKey(code int) error {
	why := dns.RcodeToString[code]
	switch code {
	case dns.RcodeBadKey:
		why = "it does not know that key, or not with this algorithm (BADKEY)"
	case dns.RcodeBadSig:
		why = "the key's secret is another one there (BADSIG)"
	case dns.RcodeBadTime:
		why = "the clocks differ by more than five minutes (BADTIME)"
	}
	return fmt.Errorf("%s does not take the signature by the key %q: %s", d.Server, d.KeyName, why)
}

// check finds what could never work.
func (d *DNS) check() error {
	switch secret, err := base64.StdEncoding.DecodeString(d.Secret); {
	case d.Server == "":
		return errors.New("dns-01 needs the name server that takes the changes")
	case d.KeyName == "":
		return nil
	case d.algorithm() == "":
		return fmt.Errorf("the algorithm %q of the key %q is none of HMACSHA1, HMACSHA224, HMACSHA256, HMACSHA384, HMACSHA512", d.Algorithm, d.KeyName)
	case err != nil || len(secret) == 0:
		return fmt.Errorf("the secret of the key %q is not in base64", d.KeyName)
	}
	return nil
}

// algorithm is the one of the signature, as the DNS has it; empty if it is none.
func (d *DNS) algorithm() string {
	return map[string]string{
		"HMACSHA1": dns.HmacSHA1, "HMACSHA224": dns.HmacSHA224, "HMACSHA256": dns.HmacSHA256,
		"HMACSHA384": dns.HmacSHA384, "HMACSHA512": dns.HmacSHA512,
	}[strings.NewReplacer("-", "", ".", "").Replace(strings.ToUpper(cmp.Or(d.Algorithm, "HMACSHA256")))]
}

// address is the Server's, with a port.
func (d *DNS) address() string { return withPort(d.Server) }

func withPort(server string) string {
	if _, _, err := net.SplitHostPort(server); err == nil {
		return server
	}
	return net.JoinHostPort(strings.Trim(server, "[]"), "53")
}
