package proxy

import (
	"net/netip"
	"slices"
	"strings"

	"fairlead.dev/fairlead/dataplane/message"
)

// client is the side that a request came from and its answer goes to. The body
// may be read by one goroutine while another writes the answer.
type client interface {
	// Read reads the request's body; a fault of it is a *bodyError.
	Read(p []byte) (int, error)
	// trailers are those of the body, once Read has returned io.EOF.
	trailers() message.Fields
	// present returns the whole body, where all of it has come. It counts as read.
	present() ([]byte, bool)
	// interim passes a 1xx head on at once.
	interim(res *message.Response) error
	// head begins the answer. What is written waits for flush, finish or more.
	head(res *message.Response) error
	write(p []byte) error
	flush() error
	// finish ends the answer with a last piece of its body, perhaps an empty one.
	finish(p []byte, trailers message.Fields) error
	// stopBody makes a Read that waits fail, perhaps after a while: what it waits
	// for may be under way.
	stopBody()
	// abort cuts the answer off, so that it is not taken for a whole one.
	abort()
}

// bodyError is what is wrong with a request's body, as it is answered.
type bodyError struct {
	status int
	why    string
}

func (e *bodyError) Error() string { return e.why }

var (
	errBodyTooLarge = &bodyError{413, "the body is too large"}
	errBodyTooSlow  = &bodyError{408, "the body is too slow"}
)

// peer is the other end of a client's connection.
type peer struct {
	address string
	trusted bool
	// port is the Listener's.
	port int
	// sni is the server name of the connection, over TLS, and clients whose
	// certificates were asked for.
	sni, clients string
	// shown is the client's certificate, or nil.
	shown *shown
}

func (e *Engine) peerOf(remote, local string) peer {
	p := peer{address: remote}
	if a, err := netip.ParseAddrPort(local); err == nil {
		p.port = int(a.Port())
	}
	if a, err := netip.ParseAddrPort(remote); err == nil {
		ip := a.Addr().Unmap()
		p.address, p.trusted = ip.String(), e.trusts(ip)
	}
	return p
}

func (e *Engine) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(e.cfg.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// clientOf returns the address of the client that the peer speaks for: it
// believes X-Forwarded-For as far back as the proxies are trusted.
func (e *Engine) clientOf(p *peer, f message.Fields) string {
	if !p.trusted {
		return p.address
	}
	address := p.address
	chain := strings.Split(strings.Join(f.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(chain) {
		ip, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		address = ip.Unmap().String()
		if !e.trusts(ip.Unmap()) {
			break
		}
	}
	return address
}
