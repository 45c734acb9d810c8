package acme

import (
	"context"
	"fmt"
	"time"

	"github.com/miekg/dns"
)

const (
	// dnsTime bounds one question.
	dnsTime = 5 * time.Second
	// mostAliases is how many are followed.
	mostAliases = 8
)

// place is where the record of c has to stand.
func (d *DNS) place(ctx context.Context, c Challenge) (place, error) {
	asked, value := c.Record()
	name, err := d.follow(ctx, dns.CanonicalName(asked))
	if err != nil {
		return place{}, err
	}
	zone := dns.CanonicalName(d.Zone)
	switch {
	case d.Zone == "":
		zone, err = d.zoneOf(ctx, name)
	case !dns.IsSubDomain(zone, name):
		err = fmt.Errorf("%s is not in the zone %s", name, zone)
	}
	return place{zone, &dns.TXT{
		Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET, Ttl: textLife},
		Txt: []string{value},
	}}, err
}

// follow returns where the aliases of a name lead.
func (d *DNS) follow(ctx context.Context, name string) (string, error) {
	first := name
	for range mostAliases {
		answer, err := d.lookUp(ctx, name, dns.TypeCNAME)
		if err != nil {
			return "", err
		}
		to := ""
		for _, rr := range answer.Answer {
			if alias, ok := rr.(*dns.CNAME); ok && dns.CanonicalName(alias.Hdr.Name) == name {
				to = dns.CanonicalName(alias.Target)
			}
		}
		if to == "" {
			return name, nil
		}
		name = to
	}
	return "", fmt.Errorf("%s is an alias of an alias, more than %d times", first, mostAliases)
}

// zoneOf finds the zone of Server that a name is in.
func (d *DNS) zoneOf(ctx context.Context, name string) (string, error) {
	for at, end := 0, false; !end; at, end = dns.NextLabel(name, at) {
		answer, err := d.ask(ctx, name[at:], dns.TypeSOA)
		if err != nil {
			return "", fmt.Errorf("%s, which is to take the changes: %w", d.Server, err)
		}
		for _, rr := range append(answer.Answer, answer.Ns...) {
			soa, ok := rr.(*dns.SOA)
			if !ok {
				continue
			}
			if zone := dns.CanonicalName(soa.Hdr.Name); zone != "." && dns.IsSubDomain(zone, name) {
				return zone, nil
			}
		}
	}
	return "", fmt.Errorf("%s has no zone with %s in it: name the server that has, or make _acme-challenge an alias into a zone of this one", d.Server, name)
}

// lookUp asks Server, and the resolvers for what is not in its zones.
func (d *DNS) lookUp(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	answer, err := d.ask(ctx, name, kind)
	if err != nil {
		return nil, fmt.Errorf("%s, which is to take the changes: %w", d.Server, err)
	}
	if answer.Authoritative {
		return answer, nil
	}
	for _, r := range d.resolvers() {
		if other, err := d.askAt(ctx, r, name, kind); err == nil && (other.Rcode == dns.RcodeSuccess || other.Rcode == dns.RcodeNameError) {
			return other, nil
		}
	}
	return answer, nil
}

// resolvers are addresses of who knows all of the DNS.
func (d *DNS) resolvers() []string {
	if len(d.Resolvers) > 0 {
		return d.Resolvers
	}
	system, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil
	}
	var addresses []string
	for _, s := range system.Servers {
		addresses = append(addresses, withPort(s))
	}
	return addresses
}

// ask asks Server.
func (d *DNS) ask(ctx context.Context, name string, kind uint16) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	return d.exchange(ctx, m)
}

// exchange sends a message to Server, by TCP.
func (d *DNS) exchange(ctx context.Context, m *dns.Msg) (*dns.Msg, error) {
	c := dns.Client{Net: "tcp", Timeout: dnsTime}
	if d.KeyName != "" {
		c.TsigSecret = map[string]string{dns.CanonicalName(d.KeyName): d.Secret}
	}
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	answer, _, err := c.ExchangeContext(ctx, m, d.address())
	return answer, err
}

// askAt asks another server, by UDP, and by TCP where that is not enough.
func (d *DNS) askAt(ctx context.Context, address, name string, kind uint16) (*dns.Msg, error) {
	m := new(dns.Msg)
	m.SetQuestion(name, kind)
	ctx, cancel := context.WithTimeout(ctx, dnsTime)
	defer cancel()
	c := dns.Client{Timeout: dnsTime / 2}
	answer, _, err := c.ExchangeContext(ctx, m, address)
	if err == nil && !answer.Truncated {
		return answer, nil
	}
	c.Net = "tcp"
	answer, _, err = c.ExchangeContext(ctx, m, address)
	return answer, err
}
