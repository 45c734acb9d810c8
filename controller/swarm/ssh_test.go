package swarm

import (
	"bufio"
	"io"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startShell is a connection to a script.
func startShell(t *testing.T, script string) net.Conn {
	t.Helper()
	c, err := startCommand(exec.Command("sh", "-c", script))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestAConnectionToACommandIsItsInputAndOutput(t *testing.T) {
	c := startShell(t, "exec cat")
	for range 2 {
		if _, err := io.WriteString(c, "ping\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := bufio.NewReader(c).ReadString('\n'); err != nil || line != "ping\n" {
			t.Errorf("%q, %v", line, err)
		}
	}
	if err := c.SetReadDeadline(time.Now().Add(-time.Second)); err != nil {
		t.Error(err)
	}
	if _, err := c.Read(make([]byte, 1)); err == nil {
		t.Error("a deadline that has passed bounds nothing")
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	}
	if _, err := io.WriteString(c, "ping\n"); err == nil {
		t.Error("a closed connection takes what is written")
	}
}

func TestWhatACommandComplainsOfIsTheErrorAtItsEnd(t *testing.T) {
	said, err := io.ReadAll(startShell(t, "echo some; echo 'no such host' >&2; exec 2>&-; exit 255"))
	if string(said) != "some\n" || err == nil || !strings.Contains(err.Error(), "no such host") {
		t.Errorf("%q, %v", said, err)
	}
	c := startShell(t, "exec <&-; echo 'no such host' >&2; exit 255")
	for {
		if _, err = io.WriteString(c, "ping\n"); err != nil { // the first may be in time
			break
		}
	}
	if !strings.Contains(err.Error(), "no such host") {
		t.Errorf("a write: %v", err)
	}
	if said, err := io.ReadAll(startShell(t, "echo all")); string(said) != "all\n" || err != nil {
		t.Errorf("without a complaint: %q, %v", said, err)
	}
}

func TestACloseDoesNotWaitForAChildThatKeepsTheCommandsOutputOpen(t *testing.T) {
	c := startShell(t, "sleep 120 & echo $!; exec cat") // as the master of a shared connection stays
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	child, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Kill(child, syscall.SIGKILL) })
	closed := make(chan struct{})
	go func() { defer close(closed); _ = c.Close() }()
	select {
	case <-closed:
	case <-time.After(60 * time.Second):
		t.Error("it waits")
		_ = syscall.Kill(child, syscall.SIGKILL)
		<-closed
	}
}
