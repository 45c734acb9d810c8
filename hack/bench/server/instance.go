package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"fairlead.dev/fairlead/hack/bench/proc"
)

// Instance is a running server.
type Instance struct {
	Peer
	// HTTP, HTTPS, Passthrough and Admin are its addresses.
	HTTP, HTTPS, Passthrough, Admin string

	dir    string
	env    []string
	run    *exec.Cmd
	output string
	ended  chan struct{}
	err    error // why it ended; read after ended is closed
}

// Start runs a peer with the given hosts. It does not wait until it answers.
func Start(w *World, p Peer, name string, hosts []string) (*Instance, error) {
	i := &Instance{Peer: p, dir: filepath.Join(w.Dir, name), ended: make(chan struct{})}
	if err := os.MkdirAll(i.dir, 0o755); err != nil {
		return nil, err
	}
	for _, addr := range []*string{&i.HTTP, &i.HTTPS, &i.Passthrough, &i.Admin} {
		var err error
		if *addr, err = w.ports.free(); err != nil {
			return nil, err
		}
	}
	list := filepath.Join(i.dir, "hosts")
	if err := os.WriteFile(list, []byte(strings.Join(hosts, "\n")+"\n"), 0o600); err != nil {
		return nil, err
	}
	i.env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin",
		"BENCH_DIR="+i.dir, "BENCH_BIN="+w.Bin, "BENCH_HOSTS="+list, "BENCH_CERTS="+w.Certs, "BENCH_FILES="+w.Files,
		"BENCH_HTTP="+i.HTTP, "BENCH_HTTPS="+i.HTTPS, "BENCH_PASSTHROUGH="+i.Passthrough, "BENCH_ADMIN="+i.Admin,
		"BENCH_ORIGIN="+w.Origin, "BENCH_ORIGIN_TLS="+w.OriginTLS)
	if p.PassthroughOnHTTPS {
		i.Passthrough = i.HTTPS
	}
	return i, i.start()
}

func (i *Instance) start() error {
	i.output = filepath.Join(i.dir, "output")
	out, err := os.Create(i.output)
	if err != nil {
		return err
	}
	defer out.Close()
	i.run = exec.Command(filepath.Join(i.Dir, "run"))
	i.run.Dir, i.run.Env, i.run.Stdout, i.run.Stderr = i.dir, i.env, out, out
	// A session of its own: package proc counts by it, and Stop ends all of it.
	i.run.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := i.run.Start(); err != nil {
		return fmt.Errorf("start %s: %w", i.Name, err)
	}
	go func() {
		i.err = i.run.Wait()
		close(i.ended)
	}()
	return nil
}

// Change makes the server serve one more host. It may return before that is so.
func (i *Instance) Change(ctx context.Context, host string) error {
	c := exec.CommandContext(ctx, filepath.Join(i.Dir, "change"), host)
	c.Env = append(slices.Clone(i.env), fmt.Sprintf("BENCH_PID=%d", i.run.Process.Pid))
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("change %s: %w: %s", i.Name, err, out)
	}
	return nil
}

// Usage returns what the server's processes use.
func (i *Instance) Usage() (proc.Usage, error) { return proc.Of(i.run.Process.Pid) }

// CPU returns the CPU time of the server's processes.
func (i *Instance) CPU() (time.Duration, error) {
	d, err := proc.CPU(i.run.Process.Pid)
	if err != nil {
		return 0, fmt.Errorf("%s: %w: %s", i.Name, err, i.Output())
	}
	return d, nil
}

// Ended returns an error if the server is not running any more.
func (i *Instance) Ended() error {
	select {
	case <-i.ended:
		return fmt.Errorf("%s has ended: %w: %s", i.Name, cmp.Or(i.err, errors.New("exit status 0")), i.Output())
	default:
		return nil
	}
}

// Output is the end of what the server has printed.
func (i *Instance) Output() string {
	text, _ := os.ReadFile(i.output) // What is not there has not been printed.
	return string(text[max(0, len(text)-2000):])
}

// Stop ends the server and returns when its first process is gone, and the rest
// of its process group with it.
func (i *Instance) Stop() {
	pid := i.run.Process.Pid
	select {
	case <-i.ended:
	default:
		_ = syscall.Kill(pid, syscall.SIGTERM)
		select {
		case <-i.ended:
		case <-time.After(5 * time.Second):
		}
	}
	// The group's number is not given to another while it has members.
	_ = syscall.Kill(-pid, syscall.SIGKILL)
	<-i.ended
}

// ports hands out loopback addresses that nobody listens on, each once.
type ports struct{ given map[string]bool }

func (p *ports) free() (string, error) {
	for {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return "", err
		}
		addr := l.Addr().String()
		if err := l.Close(); err != nil {
			return "", err
		}
		if !p.given[addr] {
			p.given[addr] = true
			return addr, nil
		}
	}
}
