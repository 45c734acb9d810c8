package proxy

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// clientOf is who sends a request.
type clientOf struct {
	// peer is the other end of the connection, address the client that it speaks
	// for: the same, where the peer is not trusted.
	peer, address string
	trusted       bool
}

// clientOf believes X-Forwarded-For as far back as the proxies are trusted.
func (e *Engine) clientOf(r *http.Request) clientOf {
	addr, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return clientOf{peer: r.RemoteAddr, address: r.RemoteAddr}
	}
	ip := addr.Addr().Unmap()
	c := clientOf{peer: ip.String(), address: ip.String(), trusted: e.trusts(ip)}
	if !c.trusted {
		return c
	}
	chain := strings.Split(strings.Join(r.Header["X-Forwarded-For"], ","), ",")
	for _, hop := range slices.Backward(chain) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		c.address = ip.Unmap().String()
		if !e.trusts(ip.Unmap()) {
			break
		}
	}
	return c
}

func (e *Engine) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(e.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// requestID keeps a trusted peer's and makes one else.
func (x *exchange) requestID() string {
	if id := x.in.Header.Get("X-Request-Id"); id != "" && x.client.trusted {
		return id
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// forwarded sets the fields that tell the Endpoint of the client. A peer that is
// not trusted has no word in them.
func (x *exchange) forwarded(h http.Header) {
	h["X-Request-Id"] = []string{x.record.RequestID}
	if !x.client.trusted {
		h.Del("Forwarded")
		h.Del("X-Forwarded-Port")
		h["X-Forwarded-For"] = []string{x.client.peer}
		h["X-Real-Ip"] = []string{x.client.peer}
		h["X-Forwarded-Proto"] = []string{x.kind.String()}
		h["X-Forwarded-Host"] = []string{x.in.Host}
		return
	}
	h["X-Forwarded-For"] = []string{strings.Join(append(h["X-Forwarded-For"], x.client.peer), ", ")}
	setDefault(h, "X-Real-Ip", x.client.address)
	setDefault(h, "X-Forwarded-Proto", x.kind.String())
	setDefault(h, "X-Forwarded-Host", x.in.Host)
}

func setDefault(h http.Header, name, value string) {
	if h.Get(name) == "" {
		h[name] = []string{value}
	}
}
