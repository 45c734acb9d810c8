package swarm

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"
)

// sshDialer makes connections of `ssh HOST docker system dial-stdio`, as the
// docker command does for ssh:// hosts. Keys and options are ssh's own.
func sshDialer(host string) (func(context.Context, string, string) (net.Conn, error), error) {
	args, err := sshArgs(host)
	if err != nil {
		return nil, err
	}
	return func(context.Context, string, string) (net.Conn, error) {
		return startCommand(exec.Command("ssh", args...)) // outlives the context of the dial
	}, nil
}

func sshArgs(host string) ([]string, error) {
	u, err := url.Parse(host)
	if err != nil {
		return nil, fmt.Errorf("%q is no address: %w", host, err)
	}
	if u.Hostname() == "" || strings.HasPrefix(u.Hostname(), "-") || strings.HasPrefix(u.User.Username(), "-") {
		return nil, fmt.Errorf("%q names no host: write ssh://user@host[:port][/path/of/docker.sock]", host)
	}
	args := []string{"-o", "ConnectTimeout=30", "-T"}
	if name := u.User.Username(); name != "" {
		args = append(args, "-l", name)
	}
	if u.Port() != "" {
		args = append(args, "-p", u.Port())
	}
	args = append(args, "--", u.Hostname(), "docker")
	if u.Path != "" && u.Path != "/" {
		args = append(args, "--host", "unix://"+u.Path)
	}
	return append(args, "system", "dial-stdio"), nil
}

// commandConn is a connection to the standard input and output of a command.
type commandConn struct {
	in      io.WriteCloser // standard input
	out     *os.File
	command *exec.Cmd
	said    *lockedBuffer // standard error
	ended   chan struct{} // closed when the command has ended and all was said
	close   sync.Once
}

func startCommand(command *exec.Cmd) (net.Conn, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer write.Close()
	c := &commandConn{out: read, command: command, said: &lockedBuffer{}, ended: make(chan struct{})}
	command.Stdout, command.Stderr = write, c.said
	command.WaitDelay = time.Second // a shared connection's master keeps ssh's standard error open
	if c.in, err = command.StdinPipe(); err == nil {
		err = command.Start()
	}
	if err != nil {
		read.Close()
		return nil, fmt.Errorf("start %s: %w", command.Path, err)
	}
	go func() {
		defer close(c.ended)
		_ = command.Wait() // its exit code says less than its words
	}()
	return c, nil
}

// Read reads what the command writes. At its end, what it complained of is the error.
func (c *commandConn) Read(p []byte) (int, error) {
	n, err := c.out.Read(p)
	if err == io.EOF {
		err = c.complaint(err)
	}
	return n, err
}

// Write writes to the command. Where it has ended, what it complained of is the error.
func (c *commandConn) Write(p []byte) (int, error) {
	n, err := c.in.Write(p)
	if err != nil {
		err = c.complaint(err)
	}
	return n, err
}

// complaint is what the command complained of at its end, which may come a
// moment after the end; else err.
func (c *commandConn) complaint(err error) error {
	select {
	case <-c.ended:
	case <-time.After(2 * time.Second):
	}
	if said := c.said.String(); said != "" {
		return fmt.Errorf("%s: %s", c.command.Path, strings.TrimSpace(said))
	}
	return err
}

// Close ends the command and waits for it.
func (c *commandConn) Close() error {
	c.close.Do(func() {
		c.in.Close()
		c.out.Close()
		_ = c.command.Process.Kill()
		<-c.ended
	})
	return nil
}

// LocalAddr and RemoteAddr name the command.
func (c *commandConn) LocalAddr() net.Addr  { return commandAddr(c.command.Path) }
func (c *commandConn) RemoteAddr() net.Addr { return commandAddr(c.command.Path) }

// SetDeadline and its like bound reading; a pipe to a command takes no deadline
// for writing.
func (c *commandConn) SetDeadline(t time.Time) error      { return c.out.SetReadDeadline(t) }
func (c *commandConn) SetReadDeadline(t time.Time) error  { return c.out.SetReadDeadline(t) }
func (c *commandConn) SetWriteDeadline(_ time.Time) error { return nil }

type commandAddr string

func (a commandAddr) Network() string { return "command" }
func (a commandAddr) String() string  { return string(a) }

// lockedBuffer is written by a command while it is read.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
