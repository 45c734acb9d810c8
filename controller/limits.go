package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/dataplane/proxy"
)

// limitOptions are the flags that bound what clients can cost. What is zero has
// the data plane's own default.
type limitOptions struct {
	http                   proxy.Limits
	connections, perClient int
	handshakeTimeout       time.Duration
}

func (o *limitOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.IntVar(&o.connections, "max-connections", 0, "connections of all clients at one time; 0 is no bound")
	f.IntVar(&o.perClient, "max-connections-per-client", 0, "connections of one client address (IPv6: of one /64); 0 is no bound")
	f.IntVar(&o.http.Streams, "max-streams", 250, "requests at one time on an HTTP/2 connection")
	f.IntVar(&o.http.HeaderBytes, "max-header-bytes", 64<<10, "length of a request's head; more is answered with 431")
	f.IntVar(&o.http.HeaderFields, "max-header-fields", 100, "fields of a request's head; more is answered with 431")
	f.Int64Var(&o.http.BodyBytes, "max-body-bytes", 0, "length of a request's body; more is answered with 413; 0 is no bound")
	f.DurationVar(&o.handshakeTimeout, "handshake-timeout", 10*time.Second, "time for a TLS handshake")
	f.DurationVar(&o.http.HeaderTimeout, "header-timeout", 10*time.Second, "time for a request's head; then the answer is 408")
	f.DurationVar(&o.http.IdleTimeout, "idle-timeout", 90*time.Second, "time without a request after which a connection is closed")
	f.DurationVar(&o.http.WriteTimeout, "write-timeout", 30*time.Second, "time in which a client takes nothing of an answer after which it is cut off")
	f.IntVar(&o.http.BodyRate, "min-body-rate", 100, "bytes a second that a request's body brings at least, once --body-grace has passed; then the answer is 408; -1 is no bound")
	f.DurationVar(&o.http.BodyGrace, "body-grace", 30*time.Second, "time in which a request's body may be slower than --min-body-rate")
}

// check finds what is no limit.
func (o *limitOptions) check() error {
	for _, n := range []struct {
		flag  string
		value int64
		least int64
	}{
		{"max-connections", int64(o.connections), 0}, {"max-connections-per-client", int64(o.perClient), 0},
		{"max-streams", int64(o.http.Streams), 1}, {"max-header-bytes", int64(o.http.HeaderBytes), 1 << 10},
		{"max-header-fields", int64(o.http.HeaderFields), 8}, {"max-body-bytes", o.http.BodyBytes, 0},
		{"min-body-rate", int64(o.http.BodyRate), -1},
	} {
		if n.value < n.least {
			return fmt.Errorf("--%s: %d is less than %d", n.flag, n.value, n.least)
		}
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{
		{"handshake-timeout", o.handshakeTimeout}, {"header-timeout", o.http.HeaderTimeout}, {"idle-timeout", o.http.IdleTimeout},
		{"write-timeout", o.http.WriteTimeout}, {"body-grace", o.http.BodyGrace},
	} {
		if d.value <= 0 {
			return fmt.Errorf("--%s: %s is no time; give one such as 10s", d.flag, d.value)
		}
	}
	return nil
}
