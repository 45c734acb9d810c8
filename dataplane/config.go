package dataplane

import (
	"cmp"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"fairlead.dev/fairlead/dataplane/proxy"
)

// Dialer connects to Endpoints.
type Dialer interface {
	// DialEndpoint dials address on the overlay network with the ID network, or
	// from where this process stands if network is "". Where it can it returns a
	// *net.TCPConn, which the kernel can splice. It is called by several
	// goroutines.
	DialEndpoint(ctx context.Context, network, address string) (net.Conn, error)
}

// Secrets gives the bytes of secrets.
type Secrets interface {
	// Secret returns the bytes of the secret with this ID. An error means that
	// they are not available yet; it is called again. It may block as long as ctx
	// allows, and is called by several goroutines.
	Secret(ctx context.Context, id string) ([]byte, error)
}

// Config is what a Plane needs.
type Config struct {
	// Name names the data plane in its Report, unique in the cluster.
	Name string
	// HTTP and HTTPS are the addresses to listen on, such as ":80"; "" is off.
	HTTP, HTTPS string
	// HTTPListener and HTTPSListener are used instead, where they are set. Run
	// closes them.
	HTTPListener, HTTPSListener net.Listener
	// RedirectPort is where clients of plain HTTP are sent; 0 means the port of
	// the HTTPS listener.
	RedirectPort int

	// Dialer connects to Endpoints; nil means Direct.
	Dialer Dialer
	// Secrets gives the bytes of certificates; nil has none.
	Secrets Secrets
	// Info is what answers say of this data plane, on Routes that want it; nil
	// hides it for all of them.
	Info *proxy.Info
	// TrustedProxies are the peers whose X-Forwarded-* and X-Request-Id are believed.
	TrustedProxies []netip.Prefix

	// AccessLog gets a line for each request, see package access; nil is off.
	AccessLog io.Writer
	// Metrics is where the counters are registered; nil is nowhere.
	Metrics prometheus.Registerer
	// Logger may be nil, which discards.
	Logger *slog.Logger

	// DrainTimeout is how long what is under way may go on when Run is to end; 0
	// means 30 s.
	DrainTimeout time.Duration
	// DialTimeout bounds a connect to an Endpoint; 0 means 2 s, one lost packet. So
	// long may the wait for the certificates of a Backend over TLS take, too, and the
	// handshake.
	DialTimeout time.Duration
	// HandshakeTimeout bounds the wait for a ClientHello, and the handshake after
	// it; 0 means 10 s.
	HandshakeTimeout time.Duration
	// MaxConnections bounds the connections of all clients, MaxPerClient those of
	// one address; 0 is no bound. What is too much gets 503 or 429 in the clear,
	// and is closed on the TLS port.
	MaxConnections, MaxPerClient int
	// Limits bound what a client can cost.
	Limits proxy.Limits
	// MaxReplay is the number of bytes of a request's body that are kept to be
	// sent again; 0 means 64 KiB.
	MaxReplay int
}

func (c Config) withDefaults() Config {
	c.DrainTimeout = cmp.Or(c.DrainTimeout, 30*time.Second)
	c.DialTimeout = cmp.Or(c.DialTimeout, 2*time.Second)
	c.HandshakeTimeout = cmp.Or(c.HandshakeTimeout, 10*time.Second)
	if c.Dialer == nil {
		c.Dialer = Direct{}
	}
	if c.Secrets == nil {
		c.Secrets = noSecrets{}
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

// Direct dials every Endpoint from where this process stands.
type Direct struct{}

// DialEndpoint dials address, whatever the network.
func (Direct) DialEndpoint(ctx context.Context, _, address string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "tcp", address)
}

type noSecrets struct{}

func (noSecrets) Secret(context.Context, string) ([]byte, error) {
	return nil, errors.New("this data plane has no source of secrets")
}
