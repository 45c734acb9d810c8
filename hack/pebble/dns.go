package pebble

import (
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"
)

// Zone is the one that a DNS is the authority of: every host of it has an address.
const Zone = "test."

// DNS is a name server, for the Authority and for those who change the zone by RFC
// 2136.
type DNS struct {
	// Address is its host and port, for UDP and TCP.
	Address string

	mu        sync.Mutex // guards following
	addresses []string
	texts     map[string][]string // by name, in lower case
	signed    bool
}

// startDNS starts a DNS where every host has the address 127.0.0.1. Where there are
// keys, in base64 by name, an update has to be signed by one.
func startDNS(t *testing.T, address string, keys map[string]string) *DNS {
	t.Helper()
	d := &DNS{addresses: []string{"127.0.0.1"}, texts: map[string][]string{}, signed: len(keys) > 0}
	packets, err := net.ListenPacket("udp", net.JoinHostPort(address, "0"))
	if err != nil {
		t.Fatal(err)
	}
	d.Address = packets.LocalAddr().String()
	listener, err := net.Listen("tcp", d.Address)
	if err != nil {
		t.Fatal(err)
	}
	accept := func(h dns.Header) dns.MsgAcceptAction {
		if opcode := int(h.Bits>>11) & 0xF; opcode == dns.OpcodeUpdate {
			return dns.MsgAccept
		}
		return dns.DefaultMsgAcceptFunc(h)
	}
	for _, s := range []*dns.Server{
		{PacketConn: packets, Handler: d, TsigSecret: keys, MsgAcceptFunc: accept},
		{Listener: listener, Handler: d, TsigSecret: keys, MsgAcceptFunc: accept},
	} {
		started := make(chan struct{})
		s.NotifyStartedFunc = func() { close(started) }
		go func() { _ = s.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = s.Shutdown() })
	}
	return d
}

// Lead gives every host these addresses.
func (d *DNS) Lead(addresses ...string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.addresses = addresses
}

// Texts are the TXT records of a name.
func (d *DNS) Texts(name string) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.texts[strings.ToLower(dns.Fqdn(name))]...)
}

// ServeDNS answers a question, or an update.
func (d *DNS) ServeDNS(w dns.ResponseWriter, asked *dns.Msg) {
	answer := new(dns.Msg)
	answer.SetReply(asked)
	answer.Authoritative = true
	switch {
	case asked.Opcode != dns.OpcodeUpdate:
		d.answer(answer, asked)
	case d.signed && (asked.IsTsig() == nil || w.TsigStatus() != nil):
		answer.Rcode = dns.RcodeNotAuth
	default:
		d.update(asked)
	}
	if sig := asked.IsTsig(); sig != nil && w.TsigStatus() == nil {
		answer.SetTsig(sig.Hdr.Name, sig.Algorithm, 300, int64(sig.TimeSigned))
	}
	_ = w.WriteMsg(answer)
}

func (d *DNS) answer(answer, asked *dns.Msg) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, q := range asked.Question {
		header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 1}
		soa := &dns.SOA{Hdr: dns.RR_Header{Name: Zone, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 1}, Ns: "ns." + Zone, Mbox: "x." + Zone, Serial: 1}
		switch {
		case !dns.IsSubDomain(Zone, strings.ToLower(q.Name)):
			answer.Rcode = dns.RcodeRefused
		case q.Qtype == dns.TypeSOA && strings.EqualFold(q.Name, Zone):
			answer.Answer = append(answer.Answer, soa)
		case q.Qtype == dns.TypeA:
			for _, a := range d.addresses {
				answer.Answer = append(answer.Answer, &dns.A{Hdr: header, A: net.ParseIP(a)})
			}
		case q.Qtype == dns.TypeTXT:
			for _, text := range d.texts[strings.ToLower(q.Name)] {
				answer.Answer = append(answer.Answer, &dns.TXT{Hdr: header, Txt: []string{text}})
			}
		default:
			answer.Ns = append(answer.Ns, soa)
		}
	}
}

func (d *DNS) update(asked *dns.Msg) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, rr := range asked.Ns {
		t, ok := rr.(*dns.TXT)
		if !ok {
			continue
		}
		name, text := strings.ToLower(t.Hdr.Name), strings.Join(t.Txt, "")
		var left []string
		for _, has := range d.texts[name] {
			if has != text {
				left = append(left, has)
			}
		}
		if t.Hdr.Class == dns.ClassINET {
			left = append(left, text)
		}
		d.texts[name] = left
	}
}
