package acme

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// DNS shows what DNS01 looks for, in a zone that is changed by RFC 2136.
type DNS struct {
	// Server is the host and port of the zone's primary server.
	Server string
	// KeyName, Algorithm and Secret sign the changes (RFC 8945); the secret is in
	// base64. Without a name nothing is signed.
	KeyName, Algorithm, Secret string
}

const (
	textLife = 60 // seconds that others may remember a record
	// dnsTime bounds one question.
	dnsTime = 10 * time.Second
	// fudge is how many seconds the two clocks may differ.
	fudge = 300
)

// Present adds the records and returns when the server answers with them.
func (d *DNS) Present(ctx context.Context, challenges []Challenge) error {
	for _, c := range challenges {
		zone, record, err := d.record(ctx, c)
		if err == nil {
			change := new(dns.Msg)
			change.SetUpdate(zone)
			change.Insert([]dns.RR{record})
			err = d.change(ctx, change)
		}
		if err != nil {
			return fmt.Errorf("%s in the DNS: %w", c.Name, err)
		}
	}
	return nil
}

// Withdraw takes the records away, and leaves others of the same names.
func (d *DNS) Withdraw(ctx context.Context, challenges []Challenge) error {
	var errs []error
	for _, c := range challenges {
		zone, record, err := d.record(ctx, c)
		if err == nil {
			change := new(dns.Msg)
			change.SetUpdate(zone)
			change.Remove([]dns.RR{record})
			err = d.change(ctx, change)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// record is the one that c asks for (RFC 8555 section 8.4), with its zone. Where
// the name is an alias the record stands where it leads.
func (d *DNS) record(ctx context.Context, c Challenge) (zone string, record *dns.TXT, err error) {
	name := dns.Fqdn("_acme-challenge." + c.Name)
	answer, err := d.ask(ctx, name, dns.TypeTXT)
	if err != nil {
		return "", nil, err
	}
	for _, rr := range answer.Answer {
		if alias, ok := rr.(*dns.CNAME); ok && strings.EqualFold(alias.Hdr.Name, name) {
			name = alias.Target
		}
	}
	if zone, err = d.zoneOf(ctx, name); err != nil {
		return "", nil, err
	}
	sum := sha256.Sum256([]byte(c.KeyAuthorization))
	return zone, &dns.TXT{
		Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: textLife},
		Txt: []string{base64.RawURLEncoding.EncodeToString(sum[:])},
	}, nil
}

// zoneOf finds the zone that a name is in: the longest end of it with a SOA.
func (d *DNS) zoneOf(ctx context.Context, name string) (string, error) {
	for at, end := 0, false; !end; at, end = dns.NextLabel(name, at) {
		answer, err := d.ask(ctx, name[at:], dns.TypeSOA)
		if err != nil {
			return "", err
		}
		for _, rr := range answer.Answer {
			if soa, ok := rr.(*dns.SOA); ok && strings.EqualFold(soa.Hdr.Name, name[at:]) {
				return soa.Hdr.Name, nil
			}
		}
	}
	return "", fmt.Errorf("%s has no zone for %s", d.Server, name)
}

func (d *DNS) ask(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	return d.exchange(ctx, m)
}

func (d *DNS) change(ctx context.Context, m *dns.Msg) error {
	if d.KeyName != "" {
		m.SetTsig(dns.Fqdn(d.KeyName), d.algorithm(), fudge, time.Now().Unix())
	}
	answer, err := d.exchange(ctx, m)
	if err != nil {
		return err
	}
	if answer.Rcode != dns.RcodeSuccess {
		return fmt.Errorf("%s refuses the change: %s: look at the key and what it may change", d.Server, dns.RcodeToString[answer.Rcode])
	}
	return nil
}

func (d *DNS) exchange(ctx context.Context, m *dns.Msg) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	c := dns.Client{Net: "tcp"}
	if d.KeyName != "" {
		c.TsigSecret = map[string]string{dns.Fqdn(d.KeyName): d.Secret}
	}
	answer, _, err := c.ExchangeContext(ctx, m, d.address())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", d.Server, err)
	}
	return answer, nil
}

// address is the Server's, with the port of the DNS where it has none.
func (d *DNS) address() string {
	if _, _, err := net.SplitHostPort(d.Server); err == nil {
		return d.Server
	}
	return net.JoinHostPort(strings.Trim(d.Server, "[]"), "53")
}

// algorithm is the one of the signature, HMAC-SHA256 by default.
func (d *DNS) algorithm() string {
	switch strings.ToUpper(d.Algorithm) {
	case "HMACSHA224":
		return dns.HmacSHA224
	case "HMACSHA384":
		return dns.HmacSHA384
	case "HMACSHA512":
		return dns.HmacSHA512
	}
	return dns.HmacSHA256
}
