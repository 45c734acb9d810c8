package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func (s *stage) exits(args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := s.fairlead(ctx, args[1:])
	c.Stdout, c.Stderr = s.ts.Stdout(), s.ts.Stderr()
	err := c.Run()
	if ctx.Err() != nil {
		s.ts.Fatalf("it did not end")
	}
	if got := strconv.Itoa(c.ProcessState.ExitCode()); got != args[0] {
		s.ts.Fatalf("exit code %s (%v), want %s", got, err, args[0])
	}
}

// start takes other addresses where somebody was faster to those that were free.
func (s *stage) start(args []string) {
	for {
		flags := []string{"run", "--http", s.ts.Getenv("HTTP"), "--https", s.ts.Getenv("HTTPS"), "--admin", s.ts.Getenv("ADMIN"), "--drain", "20s"}
		p, err := startProgram(s.fairlead(context.Background(), append(flags, args...)))
		s.ts.Check(err)
		s.program = p
		s.eventually("it lives", func() error {
			if p.isEnded() {
				return nil
			}
			return s.answers("http://admin/healthz", "200", "^ok\n$")
		})
		if !p.isEnded() {
			return
		}
		if !strings.Contains(p.log(), "address already in use") {
			s.ts.Fatalf("it ended:\n%s", p.log())
		}
		s.ts.Check(chooseAddresses(s.ts.Setenv))
	}
}

func (s *stage) stop([]string) {
	s.mustRun()
	s.ts.Check(s.program.Process.Signal(syscall.SIGTERM))
	s.mustEnd()
}

func (s *stage) mustRun() {
	if s.program == nil || s.program.isEnded() {
		s.ts.Fatalf("it does not run:\n%s", s.program.log())
	}
}

func (s *stage) mustEnd() {
	select {
	case <-s.program.ended:
	case <-time.After(patience):
		s.ts.Fatalf("it does not end:\n%s", s.program.log())
	}
	fmt.Fprint(s.ts.Stderr(), s.program.log())
	if code := s.program.ProcessState.ExitCode(); code != 0 {
		s.ts.Fatalf("exit code %d:\n%s", code, s.program.log())
	}
}

func (s *stage) says(args []string) {
	want := regexp.MustCompile(args[0])
	s.eventually("it says "+args[0], func() error {
		if !want.MatchString(s.program.log()) {
			return errors.New("it does not")
		}
		return nil
	})
}

func (s *stage) web(args []string) {
	pattern := ""
	if len(args) > 2 {
		pattern = args[2]
	}
	s.eventually(args[0], func() error { return s.answers(args[0], args[1], pattern) })
	s.mustRun()
}

// answers says how the answer is another one. The body goes to stdout.
func (s *stage) answers(url, status, pattern string) error {
	resp, err := s.client().Get(url)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if strconv.Itoa(resp.StatusCode) != status || !regexp.MustCompile(pattern).Match(body) {
		return fmt.Errorf("answered %s with %q", resp.Status, body)
	}
	_, err = s.ts.Stdout().Write(body)
	return err
}

// client connects anew for every request.
func (s *stage) client() *http.Client {
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.address(address))
	}
	return &http.Client{
		Timeout: patience,
		Transport: &http.Transport{
			DialContext: dial, DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (s *stage) address(asked string) string {
	host, port, _ := net.SplitHostPort(asked)
	switch {
	case host == "admin":
		return s.ts.Getenv("ADMIN")
	case port == "443":
		return s.ts.Getenv("HTTPS")
	}
	return s.ts.Getenv("HTTP")
}

func (s *stage) served(args []string) {
	s.eventually("a certificate for "+args[1], func() error {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: args[0]}}
		c, err := d.Dial("tcp", s.ts.Getenv("HTTPS"))
		if err != nil {
			return err
		}
		defer c.Close()
		if cn := c.(*tls.Conn).ConnectionState().PeerCertificates[0].Subject.CommonName; cn != args[1] {
			return fmt.Errorf("it is for %s", cn)
		}
		return nil
	})
	s.mustRun()
}

func (s *stage) cert(args []string) {
	cert, key, err := selfSigned(args[1], "demo.local")
	s.ts.Check(err)
	s.ts.Check(os.MkdirAll(filepath.Dir(s.ts.MkAbs(args[0])), 0o755))
	s.ts.Check(os.WriteFile(s.ts.MkAbs(args[0]+".cert"), cert, 0o600))
	s.ts.Check(os.WriteFile(s.ts.MkAbs(args[0]+".key"), key, 0o600))
}

func (s *stage) slow(args []string) {
	s.slowly = make(chan error, 1)
	client := s.client()
	go func() {
		resp, err := client.Get("http://" + args[0] + "/slow")
		if err == nil {
			s.status = resp.StatusCode
			_, err = io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
		}
		s.slowly <- err
	}()
	select {
	case <-s.backend.reached:
	case err := <-s.slowly:
		s.ts.Fatalf("the slow request: %v", err)
	case <-time.After(patience):
		s.ts.Fatalf("the slow request does not reach the backend")
	}
}

func (s *stage) draining([]string) {
	s.mustRun()
	s.ts.Check(s.program.Process.Signal(syscall.SIGTERM))
	s.eventually("new connections are refused", func() error {
		c, err := net.Dial("tcp", s.ts.Getenv("HTTP"))
		if err != nil {
			return nil //nolint:nilerr // that is what is waited for
		}
		c.Close()
		return errors.New("one was taken")
	})
	if s.program.isEnded() {
		s.ts.Fatalf("it ended, and did not wait for the slow request")
	}
}

func (s *stage) again([]string) {
	s.mustRun()
	s.ts.Check(s.program.Process.Signal(syscall.SIGTERM))
	select {
	case <-s.program.ended:
	case <-time.After(patience):
		s.ts.Fatalf("it does not end:\n%s", s.program.log())
	}
}

func (s *stage) finish(args []string) {
	close(s.backend.release)
	select {
	case err := <-s.slowly:
		if got := strconv.Itoa(s.status); err != nil || got != args[0] {
			s.ts.Fatalf("the slow request: status %s, %v", got, err)
		}
	case <-time.After(patience):
		s.ts.Fatalf("the slow request does not end")
	}
	s.mustEnd()
}

func (s *stage) logged(args []string) {
	s.eventually(strings.Join(args, " "), func() error {
		data, err := os.ReadFile(s.ts.MkAbs(args[0]))
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(data)) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(line), &fields); err != nil {
				s.ts.Fatalf("%q: %v", line, err)
			}
			if hasAll(fields, args[1:]) {
				return nil
			}
		}
		return fmt.Errorf("the lines are\n%s", data)
	})
}

// hasAll says whether each of wanted, "NAME" or "NAME=VALUE", is there.
func hasAll(fields map[string]any, wanted []string) bool {
	for _, w := range wanted {
		name, value, ok := strings.Cut(w, "=")
		if got := fields[name]; got == nil || ok && fmt.Sprint(got) != value {
			return false
		}
	}
	return true
}

func (s *stage) occupied([]string) {
	l, err := net.Listen("tcp", s.ts.Getenv("HTTP"))
	s.ts.Check(err)
	s.ts.Defer(func() { l.Close() })
}
