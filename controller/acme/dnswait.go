package acme

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// server is one of a zone.
type server struct{ name, address string }

const (
	// look is how long to wait before a server is asked again, at first and at most.
	look, lookMost = 100 * time.Millisecond, 2 * time.Second
	// unheard is how often a server may give no answer before it is left out.
	unheard = 2
)

var errPatience = errors.New("patience")

// wait returns when all servers of a zone answer with a record. One that cannot be
// asked from here is left out: the authority may not reach it either.
func (d *DNS) wait(ctx context.Context, p place) error {
	bound := cmp.Or(d.Patience, patience)
	ctx, cancel := context.WithTimeoutCause(ctx, bound, errPatience)
	defer cancel()
	others := d.others
	if others == nil {
		others = d.othersOf
	}
	if err := d.waitFor(ctx, server{d.Server, d.address()}, p, -1); err != nil {
		return err
	}
	for _, s := range others(ctx, p.zone) {
		if err := d.waitFor(ctx, s, p, unheard); err != nil {
			return err
		}
	}
	return nil
}

// waitFor waits for one server, of which some questions may stay without an answer;
// -1 is any number.
func (d *DNS) waitFor(ctx context.Context, s server, p place, silent int) error {
	var heard bool
	for pause := look; ; pause = min(2*pause, lookMost) {
		answer, err := d.askServer(ctx, s, p.record.Hdr.Name)
		switch {
		case err == nil && has(answer, p.record):
			return nil
		case err == nil:
			heard = true
		case !heard:
			if silent--; silent == 0 {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			if !errors.Is(context.Cause(ctx), errPatience) {
				return ctx.Err()
			}
			if !heard {
				return fmt.Errorf("the name server %s gives no answer: %w", s.name, err)
			}
			return fmt.Errorf("the name server %s (%s) does not answer with the new record within %v, and the authority may ask it",
				s.name, s.address, cmp.Or(d.Patience, patience))
		case <-time.After(pause):
		}
	}
}

// askServer asks Server as it was asked before, and others as resolvers ask them.
func (d *DNS) askServer(ctx context.Context, s server, name string) (*dns.Msg, error) {
	if s.address == d.address() {
		return d.ask(ctx, name, dns.TypeTXT)
	}
	return d.askAt(ctx, s.address, name, dns.TypeTXT)
}

func has(answer *dns.Msg, record *dns.TXT) bool {
	for _, rr := range answer.Answer {
		t, ok := rr.(*dns.TXT)
		if ok && strings.EqualFold(t.Hdr.Name, record.Hdr.Name) && strings.Join(t.Txt, "") == record.Txt[0] {
			return true
		}
	}
	return false
}

// othersOf are the servers that a zone names, with each of their addresses, as far
// as they can be found.
func (d *DNS) othersOf(ctx context.Context, zone string) []server {
	answer, err := d.ask(ctx, zone, dns.TypeNS)
	if err != nil {
		return nil
	}
	var servers []server
	for _, rr := range answer.Answer {
		ns, ok := rr.(*dns.NS)
		if !ok {
			continue
		}
		for _, address := range d.addressesOf(ctx, ns.Ns) {
			servers = append(servers, server{strings.TrimSuffix(ns.Ns, "."), address})
		}
	}
	return servers
}

func (d *DNS) addressesOf(ctx context.Context, host string) []string {
	var addresses []string
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		answer, err := d.lookUp(ctx, dns.CanonicalName(host), kind)
		if err != nil {
			continue
		}
		for _, rr := range answer.Answer {
			switch a := rr.(type) {
			case *dns.A:
				addresses = append(addresses, net.JoinHostPort(a.A.String(), "53"))
			case *dns.AAAA:
				addresses = append(addresses, net.JoinHostPort(a.AAAA.String(), "53"))
			}
		}
	}
	return addresses
}
