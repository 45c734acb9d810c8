package tender

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// start runs a Tender until stop is called or the test ends.
func start(t *testing.T, s *Server) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	}
	t.Cleanup(stop)
	eventually(t, "the socket appears", func() bool { _, err := os.Stat(s.Socket); return err == nil })
	return stop
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatalf("not within 10 s: %s", what)
}

func loopback() ([]netip.Prefix, error) {
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, nil
}

// echo accepts connections and sends back what it gets.
func echo(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(c, c); c.Close() }()
		}
	}()
	return l.Addr().String()
}

func dial(t *testing.T, p *Pool, network, address string) (net.Conn, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	return p.DialEndpoint(ctx, network, address)
}

func newPool(t *testing.T, dir string) *Pool {
	p := &Pool{Dir: dir}
	t.Cleanup(func() { p.Close() })
	return p
}

func TestADialledConnectionIsATCPConnectionThatOutlivesTheRequest(t *testing.T) {
	dir := t.TempDir()
	start(t, &Server{Socket: NetworkSocket(dir, "n1"), Network: true, Subnets: loopback})
	c, err := dial(t, newPool(t, dir), "n1", echo(t))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, ok := c.(*net.TCPConn); !ok {
		t.Errorf("got a %T, on which splice does not work", c)
	}
	for range 3 {
		if _, err := io.WriteString(c, "ping"); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 4)
		if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "ping" {
			t.Fatalf("got %q, %v", answer, err)
		}
	}
}

func TestConnectionsEndWithTheirTenderAndTheNextTenderTakesOver(t *testing.T) {
	dir, address := t.TempDir(), echo(t)
	server := Server{Socket: NetworkSocket(dir, "n1"), Network: true, Subnets: loopback}
	stop := start(t, &server)
	died := make(chan string, 1)
	p := newPool(t, dir)
	p.Died = func(network string) { died <- network }
	c, err := dial(t, p, "n1", address)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	stop()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
		t.Errorf("read after the tender ended: %v", err)
	}
	if network := <-died; network != "n1" {
		t.Errorf("died: %q", network)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("noticed after %v, want within a second", took)
	}
	again := Server{Socket: server.Socket, Network: true, Subnets: loopback}
	start(t, &again)
	second, err := dial(t, p, "n1", address)
	if err != nil {
		t.Fatal(err)
	}
	second.Close()
}

func TestADialWaitsForATenderThatIsOnItsWay(t *testing.T) {
	dir, address := t.TempDir(), echo(t)
	p := newPool(t, dir)
	result := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		c, err := p.DialEndpoint(ctx, "n1", address)
		if err == nil {
			c.Close()
		}
		result <- err
	}()
	start(t, &Server{Socket: NetworkSocket(dir, "n1"), Network: true, Subnets: loopback})
	if err := <-result; err != nil {
		t.Error(err)
	}
}

func TestANewerTenderKeepsTheNameThatItTook(t *testing.T) {
	dir := t.TempDir()
	old := &Server{Socket: NetworkSocket(dir, "n1"), Network: true, Subnets: loopback}
	stopOld := start(t, old)
	first, err := os.Stat(old.Socket)
	if err != nil {
		t.Fatal(err)
	}
	start(t, &Server{Socket: old.Socket, Network: true, Subnets: loopback})
	eventually(t, "the newer socket takes the name", func() bool {
		now, err := os.Stat(old.Socket)
		return err == nil && !os.SameFile(first, now)
	})
	stopOld()
	if c, err := dial(t, newPool(t, dir), "n1", echo(t)); err != nil {
		t.Error(err)
	} else {
		c.Close()
	}
}

func TestARefusedDialFailsAtOnceWithTheReason(t *testing.T) {
	dir := t.TempDir()
	start(t, &Server{Socket: NetworkSocket(dir, "n1"), Network: true, Subnets: loopback})
	p := newPool(t, dir)
	for address, want := range map[string]string{
		"192.0.2.1:80":    "on no network of this tender",
		"example.test:80": "no IP address",
		closedPort(t):     "connection refused",
	} {
		if _, err := dial(t, p, "n1", address); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", address, err, want)
		}
	}
}

func closedPort(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestSecretsComeFromWhicheverTenderHoldsThem(t *testing.T) {
	dir := t.TempDir()
	large := strings.Repeat("x", 500_000)
	for name, data := range map[string]string{"a": "first", "b": large} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
		start(t, &Server{Socket: SecretsSocket(dir, name), Secrets: map[string]string{"id-" + name: path}})
	}
	p := newPool(t, dir)
	for id, want := range map[string]string{"id-a": "first", "id-b": large} {
		if got, err := p.Secret(t.Context(), id); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v", id, len(got), err)
		}
	}
	if _, err := p.Secret(t.Context(), "id-c"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a secret that nobody holds: %v", err)
	}
}

func TestATenderWithSecretsDialsNothingAndTheOtherWayRound(t *testing.T) {
	dir := t.TempDir()
	start(t, &Server{Socket: NetworkSocket(dir, "n1"), Secrets: map[string]string{}, Subnets: loopback})
	if _, err := dial(t, newPool(t, dir), "n1", "127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "stands on no network") {
		t.Errorf("got %v", err)
	}
}

func TestADialIsGivenUpWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := newPool(t, t.TempDir()).DialEndpoint(ctx, "n1", "127.0.0.1:1"); err == nil {
		t.Error("dialled without a tender")
	}
}

func TestADialThatIsGivenUpEndsNoOtherConnection(t *testing.T) {
	dir, address := t.TempDir(), echo(t)
	start(t, &Server{Socket: NetworkSocket(dir, "n1"), Network: true, Subnets: loopback})
	p := newPool(t, dir)
	p.Died = func(string) { t.Error("the tender was taken for dead") }
	c, err := dial(t, p, "n1", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 20 {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.DialEndpoint(ctx, "n1", address); err == nil {
			t.Error("a dial that nobody waits for succeeded")
		}
		if _, err := io.WriteString(c, "ping"); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 4)); err != nil {
			t.Fatal(err)
		}
	}
	p.Died = nil
}

func TestTheDefaultRouteNamesTheBridgeToTheHost(t *testing.T) {
	table := filepath.Join(t.TempDir(), "route")
	os.WriteFile(table, []byte("Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\n"+
		"eth0\t0001000A\t00000000\t0001\t0\t0\t0\t00FFFFFF\n"+
		"eth1\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\n"), 0o600)
	if got, err := defaultInterface(table); got != "eth1" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
