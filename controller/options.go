package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/dataplane"
)

// runOptions are the flags of `fairlead run`.
type runOptions struct {
	standalone         bool
	manifests, secrets string
	stateDir, image    string
	host, context      string
	http, https, admin string
	cluster            string
	history            int
	trusted            []string
	drain              time.Duration
	accessLog          string
	logFormat          string
	verbose            bool
	hideInfo           bool
	limits             limitOptions

	trustedPrefixes []netip.Prefix
	accessWriter    io.Writer
}

func (o *runOptions) addFlags(c *cobra.Command) {
	f := c.Flags()
	f.BoolVar(&o.standalone, "standalone", false, "run without Docker: Routes from --manifests, secrets from --secrets")
	f.StringVar(&o.manifests, "manifests", "", "folder of manifests; with a swarm it is synced into the store, and pruned")
	f.StringVar(&o.secrets, "secrets", "", "folder of files that stand for secrets (with --standalone)")
	f.StringVar(&o.stateDir, "state-dir", "/run/fairlead", "folder for the tenders' sockets and the last good snapshot, with --standalone for the key of sessions; in a container a volume")
	f.StringVar(&o.image, "image", "", "image for tenders (default: this container's own, or one made of this executable)")
	f.StringVar(&o.http, "http", ":80", `address for plain HTTP; "" for none`)
	f.StringVar(&o.https, "https", ":443", `address for TLS; "" for none`)
	f.StringVar(&o.admin, "admin", "127.0.0.1:9900", "address of the admin interface")
	f.StringVar(&o.cluster, "cluster", "", "service cluster: serve the Routes that name it, and no others (default those that name none)")
	f.IntVar(&o.history, "history", 10, "generations of an object to keep")
	f.StringSliceVar(&o.trusted, "trusted-proxies", nil, "address ranges whose X-Forwarded-* and X-Request-Id are kept")
	f.DurationVar(&o.drain, "drain", 30*time.Second, "how long connections may finish at the end")
	f.StringVar(&o.accessLog, "access-log", "", `file for the access log in JSON; "-" is standard output`)
	f.BoolVar(&o.hideInfo, "hide-info-headers", false, "leave x-request-id, x-proxy-id, x-server-info and x-upstream-* out, also where Routes have infoHeaders")
	f.StringVar(&o.logFormat, "log-format", "text", "text or json")
	o.limits.addFlags(c)
	f.BoolVarP(&o.verbose, "verbose", "v", false, "log what happens on every pass, too")
}

// complete checks the flags and opens what they name.
func (o *runOptions) complete() error {
	if err := cmp.Or(o.checkMode(), o.checkAddresses(), o.checkValues(), o.limits.check()); err != nil {
		return err
	}
	for _, t := range o.trusted {
		prefix, err := netip.ParsePrefix(t)
		if err != nil {
			return fmt.Errorf("--trusted-proxies: %q is no address range such as 192.0.2.0/24", t)
		}
		o.trustedPrefixes = append(o.trustedPrefixes, prefix)
	}
	return o.openAccessLog()
}

// checkMode finds flags that do not go with each other.
func (o *runOptions) checkMode() error {
	switch {
	case o.standalone && o.manifests == "":
		return errors.New("--standalone needs --manifests DIR: there is nothing else to read Routes from")
	case o.standalone && (o.host != "" || o.context != "" || o.image != ""):
		return errors.New("--standalone runs without Docker: leave --host, --context and --image out")
	case !o.standalone && o.secrets != "":
		return errors.New("--secrets is for --standalone: with a swarm, secrets are Docker's (docker secret create)")
	case o.http == "" && o.https == "":
		return errors.New(`--http and --https are both "": give an address to at least one`)
	}
	return nil
}

func (o *runOptions) checkAddresses() error {
	for _, a := range []struct{ flag, address string }{{"http", o.http}, {"https", o.https}, {"admin", o.admin}} {
		if a.address == "" && a.flag != "admin" {
			continue
		}
		_, port, err := net.SplitHostPort(a.address)
		if err == nil {
			_, err = strconv.ParseUint(port, 10, 16)
		}
		if err != nil {
			return fmt.Errorf(`--%s: %q is no address such as ":8080" or "127.0.0.1:8080"`, a.flag, a.address)
		}
	}
	return nil
}

func (o *runOptions) checkValues() error {
	switch {
	case o.logFormat != "text" && o.logFormat != "json":
		return fmt.Errorf("--log-format: %q is neither text nor json", o.logFormat)
	case o.history < 1:
		return fmt.Errorf("--history: %d is less than 1", o.history)
	case o.drain <= 0:
		return fmt.Errorf("--drain: %s is no time to finish in; give one such as 30s", o.drain)
	}
	return nil
}

func (o *runOptions) openAccessLog() error {
	switch o.accessLog {
	case "":
	case "-":
		o.accessWriter = os.Stdout
	default:
		f, err := os.OpenFile(o.accessLog, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return fmt.Errorf("--access-log: %w", err)
		}
		o.accessWriter = f
	}
	return nil
}

func (o *runOptions) logger() *slog.Logger {
	options := &slog.HandlerOptions{}
	if o.verbose {
		options.Level = slog.LevelDebug
	}
	if o.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(os.Stderr, options))
	}
	return slog.New(slog.NewTextHandler(os.Stderr, options))
}

// planeConfig is what the flags say of the data plane.
func (o *runOptions) planeConfig() dataplane.Config {
	name, err := os.Hostname()
	if err != nil {
		name = "fairlead"
	}
	return dataplane.Config{
		Info: o.info(),
		Name: name, HTTP: o.http, HTTPS: o.https, TrustedProxies: o.trustedPrefixes,
		AccessLog: o.accessWriter, DrainTimeout: o.drain,
		Limits: o.limits.http, MaxConnections: o.limits.connections, MaxPerClient: o.limits.perClient, HandshakeTimeout: o.limits.handshakeTimeout,
	}
}

// withListenHint says what to do about an address that cannot be listened on.
func withListenHint(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "listen" {
		return err
	}
	const others = "--http, --https and --admin choose other addresses"
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w: somebody else listens there; %s", err, others)
	case errors.Is(err, syscall.EACCES):
		return fmt.Errorf("%w: a port below 1024 needs root or the capability NET_BIND_SERVICE; %s", err, others)
	}
	return fmt.Errorf("%w; %s", err, others)
}
