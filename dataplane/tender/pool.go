package tender

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"
	"weak"
)

// Pool is the data plane's side: it dials through Tenders and asks them for
// secrets. Its zero value with Dir set works.
type Pool struct {
	// Dir is the folder with the sockets.
	Dir string
	// Direct dials what needs no Tender; the zero net.Dialer where it is nil.
	Direct func(ctx context.Context, network, address string) (net.Conn, error)
	// Died is told of every Tender that ends, by network ID; nil tells nobody.
	// It must not block.
	Died   func(network string)
	Logger *slog.Logger

	mu      sync.Mutex         // guards following
	tenders map[string]*tender // by network ID
}

// How long to wait before a Tender that is not there yet is looked for again.
const lookAgain = 10 * time.Millisecond

// DialEndpoint connects to address on the overlay network with the ID network,
// or directly where network is "". While there is no Tender on the network it
// waits for one, until ctx ends. The connection is a *net.TCPConn, and ends
// when the Tender does.
func (p *Pool) DialEndpoint(ctx context.Context, network, address string) (net.Conn, error) {
	if network == "" {
		if p.Direct != nil {
			return p.Direct(ctx, "tcp", address)
		}
		var d net.Dialer
		return d.DialContext(ctx, "tcp", address)
	}
	for {
		t, err := p.tender(ctx, network)
		if err == nil {
			var c net.Conn
			if c, err = t.dial(ctx, address); err == nil || errors.Is(err, errRefused) {
				return c, err
			}
			// Whether the Tender has ended, only its watch connection says: a
			// dial fails as well where who wanted it does not wait any more.
		}
		if !pause(ctx) {
			return nil, fmt.Errorf("no tender on network %s: %w", network, err)
		}
	}
}

func pause(ctx context.Context) bool {
	timer := time.NewTimer(lookAgain)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// tender returns the watched Tender on network, watching it first if need be.
func (p *Pool) tender(ctx context.Context, network string) (*tender, error) {
	p.mu.Lock()
	t := p.tenders[network]
	p.mu.Unlock()
	if t != nil {
		return t, nil
	}
	path := NetworkSocket(p.Dir, network)
	watch, err := request(ctx, path, "watch")
	if err != nil {
		return nil, err
	}
	return p.keep(network, &tender{path: path, watch: watch, conns: map[uint64]weak.Pointer[net.TCPConn]{}}), nil
}

// keep makes t the Tender on network, unless another goroutine was first.
func (p *Pool) keep(network string, t *tender) *tender {
	p.mu.Lock()
	defer p.mu.Unlock()
	if first := p.tenders[network]; first != nil {
		t.watch.Close()
		return first
	}
	if p.tenders == nil {
		p.tenders = map[string]*tender{}
	}
	p.tenders[network] = t
	go p.awaitDeath(network, t)
	return t
}

// awaitDeath ends what came from t when t ends.
func (p *Pool) awaitDeath(network string, t *tender) {
	t.watch.SetDeadline(time.Time{})
	_, _ = t.watch.Read(make([]byte, 1)) // returns when the Tender ends
	p.forget(network, t)
	if n := t.closeAll(); n > 0 && p.Logger != nil {
		p.Logger.Warn("tender ended, closed its connections", "network", network, "connections", n)
	}
	if p.Died != nil {
		p.Died(network)
	}
}

func (p *Pool) forget(network string, t *tender) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tenders[network] == t {
		delete(p.tenders, network)
	}
	t.watch.Close()
}

// Close ends every connection to a Tender and what came from them.
func (p *Pool) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.tenders {
		t.watch.Close()
	}
	return nil
}

// Secret returns the bytes of the secret with this ID. It fails with
// fs.ErrNotExist where no Tender holds it now.
func (p *Pool) Secret(ctx context.Context, id string) ([]byte, error) {
	sockets, err := filepath.Glob(SecretsSocket(p.Dir, "*"))
	if err != nil {
		return nil, fmt.Errorf("look for tenders: %w", err)
	}
	failures := []error{fmt.Errorf("%w: no tender holds the secret yet", fs.ErrNotExist)}
	for _, path := range sockets {
		data, err := secret(ctx, path, id)
		if err == nil {
			return data, nil
		}
		failures = append(failures, err)
	}
	return nil, errors.Join(failures...)
}

func secret(ctx context.Context, path, id string) ([]byte, error) {
	c, err := request(ctx, path, "secret "+id)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	data, file, err := readAnswer(c)
	if file != nil {
		file.Close()
	}
	return data, err
}

// request connects and sends one request. The connection has a deadline.
func request(ctx context.Context, path, line string) (*net.UnixConn, error) {
	var d net.Dialer
	dialled, err := d.DialContext(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	c := dialled.(*net.UnixConn)
	if err := errors.Join(c.SetDeadline(time.Now().Add(dialTimeout+requestTimeout)), writeLine(c, line)); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func writeLine(c net.Conn, line string) error {
	_, err := c.Write([]byte(line + "\n"))
	return err
}

// tender is one life of a Tender on a network.
type tender struct {
	path  string
	watch *net.UnixConn

	mu    sync.Mutex // guards following
	dead  bool
	next  uint64
	conns map[uint64]weak.Pointer[net.TCPConn] // those that came from it and may be open
}

// dial asks the Tender for a connected socket. The Tender's refusal wraps errRefused.
func (t *tender) dial(ctx context.Context, address string) (net.Conn, error) {
	c, err := request(ctx, t.path, "dial "+address)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	_, file, err := readAnswer(c)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, err
	}
	if file == nil {
		return nil, errors.New("the tender sent no socket")
	}
	defer file.Close()
	return t.adopt(file)
}

// adopt makes a connection of the socket. It is a plain *net.TCPConn, so that
// splice(2) works on it both ways; t holds it weakly, to close it when the
// Tender ends.
func (t *tender) adopt(file *os.File) (net.Conn, error) {
	dialled, err := net.FileConn(file)
	if err != nil {
		return nil, fmt.Errorf("adopt the socket: %w", err)
	}
	c, ok := dialled.(*net.TCPConn)
	if !ok {
		dialled.Close()
		return nil, errors.New("the tender sent a socket that is not TCP")
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead {
		c.Close()
		return nil, net.ErrClosed
	}
	t.next++
	t.conns[t.next] = weak.Make(c)
	runtime.AddCleanup(c, t.drop, t.next)
	return c, nil
}

func (t *tender) drop(id uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.conns, id)
}

// closeAll ends what came from t, and all that would still come.
func (t *tender) closeAll() int {
	t.mu.Lock()
	t.dead = true
	conns := t.conns
	t.conns = nil
	t.mu.Unlock()
	open := 0
	for _, w := range conns {
		if c := w.Value(); c != nil && c.Close() == nil {
			open++
		}
	}
	return open
}
