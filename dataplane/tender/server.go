package tender

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// Server is a Tender. Fields are set before Run.
type Server struct {
	// Socket is the path to serve on. One that an earlier Tender left is replaced.
	Socket string
	// Network is whether to dial. Addresses are dialled only where an interface
	// of this namespace is on their subnet.
	Network bool
	// Secrets are paths of files by secret ID.
	Secrets map[string]string
	// Subnets replaces the interfaces' subnets in tests.
	Subnets func() ([]netip.Prefix, error)
	Logger  *slog.Logger
}

// A request and its dial may take this long.
const (
	requestTimeout = 5 * time.Second
	dialTimeout    = 10 * time.Second
)

// Run serves until ctx ends. The socket appears under its name only once it
// listens, and is removed at the end unless a newer Tender has taken the name.
func (s *Server) Run(ctx context.Context) error {
	if s.Logger == nil {
		s.Logger = slog.New(slog.DiscardHandler)
	}
	listener, err := listen(s.Socket)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.Socket, err)
	}
	born, err := os.Stat(s.Socket)
	if err != nil {
		return fmt.Errorf("look at %s: %w", s.Socket, err)
	}
	s.Logger.Info("tender serves", "socket", s.Socket, "network", s.Network, "secrets", len(s.Secrets))
	err = s.accept(ctx, listener)
	if now, statErr := os.Stat(s.Socket); statErr == nil && os.SameFile(born, now) {
		os.Remove(s.Socket)
	}
	return err
}

// listen makes the socket under another name and renames it: whoever finds the
// name can connect. Only root may (mode 0600): the data plane runs as root or
// in a container's root.
func listen(path string) (*net.UnixListener, error) {
	temporary := filepath.Join(filepath.Dir(path), fmt.Sprintf(".%d-%s", os.Getpid(), filepath.Base(path)))
	os.Remove(temporary)
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: temporary, Net: "unix"})
	if err != nil {
		return nil, err
	}
	listener.SetUnlinkOnClose(false)
	if err := errors.Join(os.Chmod(temporary, 0o600), os.Rename(temporary, path)); err != nil {
		listener.Close()
		os.Remove(temporary)
		return nil, err
	}
	return listener, nil
}

// accept serves connections; when ctx ends it closes all of them and waits.
func (s *Server) accept(ctx context.Context, listener *net.UnixListener) error {
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	defer serving.Wait()
	defer cancel()
	context.AfterFunc(ctx, func() { listener.Close() })
	for {
		c, err := listener.AcceptUnix()
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("accept: %w", err)
		}
		serving.Go(func() {
			stop := context.AfterFunc(ctx, func() { c.Close() })
			defer stop()
			defer c.Close()
			if err := s.serve(ctx, c); err != nil && ctx.Err() == nil {
				s.Logger.Debug("request failed", "error", err)
			}
		})
	}
}

func (s *Server) serve(ctx context.Context, c *net.UnixConn) error {
	if err := c.SetDeadline(time.Now().Add(requestTimeout)); err != nil {
		return err
	}
	verb, argument, err := readRequest(c)
	if err != nil {
		return fmt.Errorf("read request: %w", err)
	}
	switch verb {
	case "dial":
		return s.dial(ctx, c, argument)
	case "secret":
		return s.secret(c, argument)
	case "watch":
		return watch(c)
	}
	return refuse(c, "unknown request "+verb)
}

func refuse(c *net.UnixConn, why string) error {
	return writeAnswer(c, statusFailed, []byte(why), -1)
}

// watch holds the connection until either side ends.
func watch(c *net.UnixConn) error {
	if err := c.SetDeadline(time.Time{}); err != nil {
		return err
	}
	_, err := c.Read(make([]byte, 1))
	return err
}

func (s *Server) secret(c *net.UnixConn, id string) error {
	path, ok := s.Secrets[id]
	if !ok {
		return refuse(c, "this tender does not hold the secret")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return refuse(c, "the secret cannot be read: "+err.Error())
	}
	return writeAnswer(c, statusDone, data, -1)
}

func (s *Server) dial(ctx context.Context, c *net.UnixConn, address string) error {
	if err := s.allowed(address); err != nil {
		return refuse(c, err.Error())
	}
	if err := c.SetDeadline(time.Now().Add(dialTimeout + requestTimeout)); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	go func() { // the data plane gave up: so does the dial
		_, _ = c.Read(make([]byte, 1))
		cancel()
	}()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return refuse(c, err.Error())
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		return err
	}
	var sendErr error
	err = raw.Control(func(fd uintptr) { sendErr = writeAnswer(c, statusDone, nil, int(fd)) })
	return errors.Join(err, sendErr)
}

// allowed says why address is not to be dialled: it must be an IP address and
// port on a subnet of this namespace that is not loopback.
func (s *Server) allowed(address string) error {
	if !s.Network {
		return errors.New("this tender stands on no network")
	}
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q is no IP address and port", address)
	}
	subnets := s.Subnets
	if subnets == nil {
		subnets = interfaceSubnets
	}
	prefixes, err := subnets()
	if err != nil {
		return err
	}
	for _, p := range prefixes {
		if p.Contains(to.Addr().Unmap()) {
			return nil
		}
	}
	return fmt.Errorf("%s is on no network of this tender", to.Addr())
}

// interfaceSubnets are the subnets of the overlay networks in this namespace.
// The interface to the host's bridge, which Docker adds as the default route
// (docker_gwbridge), is none: it is recognized by the route through it.
func interfaceSubnets() ([]netip.Prefix, error) {
	gateway, err := defaultInterface("/proc/net/route")
	if err != nil {
		return nil, err
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	var out []netip.Prefix
	for _, i := range interfaces {
		if i.Flags&net.FlagLoopback != 0 || i.Name == gateway {
			continue
		}
		addresses, err := i.Addrs()
		if err != nil {
			return nil, fmt.Errorf("addresses of %s: %w", i.Name, err)
		}
		for _, a := range addresses {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				out = append(out, p.Masked())
			}
		}
	}
	return out, nil
}

// defaultInterface is the interface of the default route, or "" where there is none.
func defaultInterface(table string) (string, error) {
	data, err := os.ReadFile(table)
	if err != nil {
		return "", fmt.Errorf("read routes: %w", err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		if f := strings.Fields(line); len(f) > 7 && f[1] == "00000000" && f[7] == "00000000" {
			return f[0], nil
		}
	}
	return "", nil
}
