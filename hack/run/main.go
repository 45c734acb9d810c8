// Command run shows Fairlead without Docker, as `make run` does: it starts two
// instances of the demo application on loopback, makes a self-signed
// certificate, writes two Routes, starts `fairlead run --standalone`, and prints
// the curl lines that work, having tried them. Ctrl-C ends and removes all.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// options is the command line.
type options struct {
	fairlead, demo     string
	http, https, admin string
	once               bool
}

func main() {
	var o options
	flag.StringVar(&o.fairlead, "fairlead", "bin/fairlead", "the product")
	flag.StringVar(&o.demo, "demo", "bin/demo", "the demo application")
	flag.StringVar(&o.http, "http", "127.0.0.1:8080", "address for plain HTTP")
	flag.StringVar(&o.https, "https", "127.0.0.1:8443", "address for TLS")
	flag.StringVar(&o.admin, "admin", "127.0.0.1:9900", "address of the admin interface")
	flag.BoolVar(&o.once, "once", false, "end when everything has been seen to work")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "fairlead-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancelCause(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel(nil)

	var backends []string
	for i := range 2 {
		addr, err := freeAddr()
		if err != nil {
			return err
		}
		backends = append(backends, addr)
		demo := exec.Command(o.demo, "--listen-addr", addr)
		demo.Env = append(os.Environ(), fmt.Sprintf("METADATA=backend %d", i+1))
		if err := start(ctx, &running, cancel, demo); err != nil {
			return err
		}
	}
	if err := writeWorld(dir, backends); err != nil {
		return err
	}
	fairlead := exec.Command(o.fairlead, "run", "--standalone",
		"--manifests", filepath.Join(dir, "manifests"), "--secrets", filepath.Join(dir, "secrets"),
		"--state-dir", filepath.Join(dir, "state"),
		"--http", o.http, "--https", o.https, "--admin", o.admin, "--drain", "1s")
	fairlead.Stderr = os.Stderr
	if err := start(ctx, &running, cancel, fairlead); err != nil {
		return err
	}
	if err := tryAll(ctx, dir, o); err != nil {
		return errors.Join(err, context.Cause(ctx))
	}
	fmt.Print(invitation(dir, o))
	if o.once {
		return nil
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// start runs c until ctx ends; SIGTERM ends it, and after 10 s SIGKILL. One that
// ends before cancels everything.
func start(ctx context.Context, running *sync.WaitGroup, cancel context.CancelCauseFunc, c *exec.Cmd) error {
	// In a process group of its own it does not see the terminal's Ctrl-C, which
	// we pass on when it is its turn.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return err
	}
	ended := make(chan struct{})
	running.Go(func() {
		defer close(ended)
		err := c.Wait()
		cancel(fmt.Errorf("%s ended: %w", c.Path, cmp.Or(err, errors.New("without an error"))))
	})
	running.Go(func() {
		<-ctx.Done()
		_ = c.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(10 * time.Second):
			_ = c.Process.Kill()
		}
	})
	return nil
}
