package pebble

import (
	"cmp"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Zone is the one that a DNS is the authority of, if nothing else is said: every
// host of it has an address.
const Zone = "test."

// DNSOptions are what a DNS can be told.
type DNSOptions struct {
	// Place is where it is in the network; nil is where the test is.
	Place Place
	// Address is where it listens; 127.0.0.1 by default.
	Address string
	// Zones are those that it is the authority of, with a dot at their ends; Zone by
	// default.
	Zones []string
	// Keys sign updates, in base64 by name, which ends with a dot; without any they
	// need no signature.
	Keys map[string]string
}

// DNS is a name server, for an Authority and for those who change its zones by RFC
// 2136.
type DNS struct {
	// Address is its host and port, for UDP and TCP.
	Address string

	zones  []string
	signed bool

	mu        sync.Mutex // guards following
	addresses []string
	turn      int                 // of the addresses
	aliases   map[string]string   // by name, in lower case
	texts     map[string][]string // likewise
	servers   []string
	readOnly  bool
}

// StartDNS starts a DNS where every host has the address 127.0.0.1. It ends with
// the test.
func StartDNS(t testing.TB, o DNSOptions) *DNS {
	t.Helper()
	if o.Place == nil {
		o.Place = here{}
	}
	d := &DNS{
		addresses: []string{"127.0.0.1"}, aliases: map[string]string{}, texts: map[string][]string{},
		signed: len(o.Keys) > 0, zones: o.Zones,
	}
	if len(d.zones) == 0 {
		d.zones = []string{Zone}
	}
	packets, listener := d.listen(t, o)
	accept := func(h dns.Header) dns.MsgAcceptAction {
		if opcode := int(h.Bits>>11) & 0xF; opcode == dns.OpcodeUpdate {
			return dns.MsgAccept
		}
		return dns.DefaultMsgAcceptFunc(h)
	}
	for _, s := range []*dns.Server{
		{PacketConn: packets, Handler: d, TsigSecret: o.Keys, MsgAcceptFunc: accept},
		{Listener: listener, Handler: d, TsigSecret: o.Keys, MsgAcceptFunc: accept},
	} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return d
}

// listen takes the same port of UDP and TCP.
func (d *DNS) listen(t testing.TB, o DNSOptions) (net.PacketConn, net.Listener) {
	t.Helper()
	for range 20 {
		packets, err := o.Place.ListenPacket("udp", net.JoinHostPort(cmp.Or(o.Address, "127.0.0.1"), "0"))
		if err != nil {
			t.Fatal(err)
		}
		d.Address = packets.LocalAddr().String()
		if listener, err := o.Place.Listen("tcp", d.Address); err == nil {
			return packets, listener
		}
		packets.Close()
	}
	t.Fatal("no port is free for both UDP and TCP")
	return nil, nil
}

// Lead gives every host these addresses. Each answer begins with the next one, and
// Pebble goes to the first.
func (d *DNS) Lead(addresses ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addresses = addresses
}

// Alias makes a name a CNAME of another.
func (d *DNS) Alias(name, target string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.aliases[dns.CanonicalName(name)] = dns.Fqdn(target)
}

// Serve names the servers of the zones, which are hosts as any.
func (d *DNS) Serve(hosts ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.servers = hosts
}

// ReadOnly refuses changes.
func (d *DNS) ReadOnly() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.readOnly = true
}

// Texts are the TXT records of a name.
func (d *DNS) Texts(name string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.texts[dns.CanonicalName(name)])
}

// SetTexts replaces them.
func (d *DNS) SetTexts(name string, texts ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.texts[dns.CanonicalName(name)] = texts
}

// ServeDNS answers a question, or an update.
func (d *DNS) ServeDNS(w dns.ResponseWriter, asked *dns.Msg) {
	d.mu.Lock()
	defer d.mu.Unlock()
	answer := new(dns.Msg)
	answer.SetReply(asked)
	sig := asked.IsTsig()
	switch {
	case sig != nil && w.TsigStatus() != nil:
		refuseKey(w, answer, sig)
		return
	case asked.Opcode != dns.OpcodeUpdate:
		d.answer(answer, asked)
	case d.signed && sig == nil || d.readOnly:
		answer.Rcode = dns.RcodeRefused
	case d.zoneOf(asked.Question[0].Name) != dns.CanonicalName(asked.Question[0].Name):
		answer.Rcode = dns.RcodeNotAuth
	default:
		d.update(asked)
	}
	if sig != nil {
		answer.SetTsig(sig.Hdr.Name, sig.Algorithm, 300, int64(sig.TimeSigned))
	}
	_ = w.WriteMsg(answer)
}

// refuseKey says what is wrong with a signature, unsigned (RFC 8945 section 5.2).
func refuseKey(w dns.ResponseWriter, answer *dns.Msg, sig *dns.TSIG) {
	code := uint16(dns.RcodeBadSig)
	switch w.TsigStatus() {
	case dns.ErrSecret, dns.ErrKeyAlg:
		code = dns.RcodeBadKey
	case dns.ErrTime:
		code = dns.RcodeBadTime
	}
	answer.Rcode = dns.RcodeNotAuth
	answer.Extra = append(answer.Extra, &dns.TSIG{
		Hdr:       dns.RR_Header{Name: sig.Hdr.Name, Rrtype: dns.TypeTSIG, Class: dns.ClassANY},
		Algorithm: sig.Algorithm, TimeSigned: sig.TimeSigned, Fudge: sig.Fudge, OrigId: answer.Id, Error: code,
	})
	if text, err := answer.Pack(); err == nil {
		_, _ = w.Write(text)
	}
}

// zoneOf is the zone that a name is in, or "".
func (d *DNS) zoneOf(name string) string {
	for _, z := range d.zones {
		if dns.IsSubDomain(z, dns.CanonicalName(name)) {
			return z
		}
	}
	return ""
}

func (d *DNS) answer(answer, asked *dns.Msg) {
	q := asked.Question[0]
	zone, name := d.zoneOf(q.Name), dns.CanonicalName(q.Name)
	if zone == "" {
		answer.Rcode = dns.RcodeRefused
		return
	}
	answer.Authoritative = true
	for range len(d.aliases) {
		target, ok := d.aliases[name]
		if !ok {
			break
		}
		answer.Answer = append(answer.Answer, &dns.CNAME{Hdr: header(name, dns.TypeCNAME), Target: target})
		name = dns.CanonicalName(target)
	}
	soa := &dns.SOA{Hdr: header(zone, dns.TypeSOA), Ns: "ns." + zone, Mbox: "x." + zone, Serial: 1}
	switch {
	case q.Qtype == dns.TypeSOA && name == zone:
		answer.Answer = append(answer.Answer, soa)
	case q.Qtype == dns.TypeNS && name == zone:
		for _, host := range d.servers {
			answer.Answer = append(answer.Answer, &dns.NS{Hdr: header(zone, dns.TypeNS), Ns: dns.Fqdn(host)})
		}
	case q.Qtype == dns.TypeA:
		d.turn++
		for i := range d.addresses {
			a := d.addresses[(d.turn+i)%len(d.addresses)]
			answer.Answer = append(answer.Answer, &dns.A{Hdr: header(name, dns.TypeA), A: net.ParseIP(a)})
		}
	case q.Qtype == dns.TypeTXT:
		for _, text := range d.texts[name] {
			answer.Answer = append(answer.Answer, &dns.TXT{Hdr: header(name, dns.TypeTXT), Txt: []string{text}})
		}
	default:
		answer.Ns = append(answer.Ns, soa)
	}
}

func header(name string, kind uint16) dns.RR_Header {
	return dns.RR_Header{Name: name, Rrtype: kind, Class: dns.ClassINET, Ttl: 1}
}

func (d *DNS) update(asked *dns.Msg) {
	for _, rr := range asked.Ns {
		t, ok := rr.(*dns.TXT)
		if !ok {
			continue
		}
		name, text := dns.CanonicalName(t.Hdr.Name), strings.Join(t.Txt, "")
		left := slices.DeleteFunc(slices.Clone(d.texts[name]), func(has string) bool { return has == text })
		if t.Hdr.Class == dns.ClassINET {
			left = append(left, text)
		}
		d.texts[name] = left
	}
}
