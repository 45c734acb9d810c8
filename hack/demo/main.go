package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// version is what --version prints.
const version = "1.0.1"

// options is the command line.
type options struct {
	addr, cert, key string
	check           string
	grace           time.Duration
	showVersion     bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// run is main without the process: it returns when ctx ends or serving fails.
func run(ctx context.Context, args []string, out io.Writer) error {
	o, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return err
	case o.showVersion:
		_, err = fmt.Fprintln(out, version)
		return err
	case o.check != "":
		return check(ctx, o.check)
	}
	log := slog.New(slog.NewTextHandler(out, nil))
	l, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	log.Info("listening", "address", l.Addr().String(), "tls", o.cert != "" && o.key != "")
	return serve(ctx, l, newApp(os.Getenv, log), o)
}

func parse(args []string) (options, error) {
	var o options
	f := flag.NewFlagSet("demo", flag.ContinueOnError)
	for _, name := range []string{"listen-addr", "l"} {
		f.StringVar(&o.addr, name, ":8080", "address to listen on")
	}
	for _, name := range []string{"tls-cert", "c"} {
		f.StringVar(&o.cert, name, "", "file of the certificate; TLS is served if the key is given too")
	}
	for _, name := range []string{"tls-key", "k"} {
		f.StringVar(&o.key, name, "", "file of the private key")
	}
	f.StringVar(&o.check, "check", "", "ask this URL and exit: 0 if it answers 200")
	f.DurationVar(&o.grace, "grace", 5*time.Second, "how long requests in flight may take after SIGTERM")
	f.BoolVar(&o.showVersion, "version", false, "print the version")
	return o, f.Parse(args)
}

// serve answers on l until ctx ends, then lets requests in flight finish.
func serve(ctx context.Context, l net.Listener, a *app, o options) error {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true)
	s := &http.Server{Handler: a.handler(), ReadHeaderTimeout: 10 * time.Second, Protocols: &protocols}
	s.RegisterOnShutdown(a.stop)

	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		late, cancel := context.WithTimeout(context.WithoutCancel(ctx), o.grace)
		defer cancel()
		err := s.Shutdown(late)
		stopped <- errors.Join(err, s.Close())
	}()
	err := listen(s, l, o)
	if !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	if err = <-stopped; errors.Is(err, context.DeadlineExceeded) {
		a.log.Warn("requests were cut off", "grace", o.grace)
		return nil
	}
	return err
}

func listen(s *http.Server, l net.Listener, o options) error {
	if o.cert != "" && o.key != "" {
		return s.ServeTLS(l, o.cert, o.key)
	}
	return s.Serve(l)
}

// check asks url once.
func check(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %s", url, resp.Status)
	}
	return nil
}
