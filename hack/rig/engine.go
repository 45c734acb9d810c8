package rig

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// boot makes the node's mount namespace, its /run and its host name, and
// starts its engine.
func (n *Node) boot(ctx context.Context) error {
	for _, dir := range []string{"run", "data", "exec", "cli", "etc"} {
		if err := os.MkdirAll(n.path(dir), 0o711); err != nil {
			return err
		}
	}
	if err := os.WriteFile(n.path("daemon.json"), []byte("{}"), 0o600); err != nil {
		return err
	}
	if err := n.startHolder(ctx); err != nil {
		return fmt.Errorf("start the holder of %s: %w", n.Name, err)
	}
	return n.startEngine(ctx)
}

// startHolder starts the process that keeps the node's namespaces. The engine
// keeps a key in /etc/docker, which must not be that of another node.
func (n *Node) startHolder(ctx context.Context) error {
	const script = `mount --bind "$1/run" /run &&
{ [ ! -d /etc/docker ] || mount --bind "$1/etc" /etc/docker; } &&
hostname "$2" && touch "$1/held" && exec sleep infinity`
	c := exec.Command("nsenter", "--net="+n.NetNS, "--",
		"unshare", "-m", "-u", "--propagation", "private", "sh", "-c", script, "holder", n.Dir, n.Name)
	if _, err := n.spawn(c, killWithParent); err != nil {
		return err
	}
	n.Holder = c.Process.Pid
	return poll(ctx, 10*time.Second, func() error {
		_, err := os.Stat(n.path("held"))
		return err
	})
}

// startEngine starts dockerd and waits until it answers.
func (n *Node) startEngine(ctx context.Context) error {
	enter := append(n.enter(), "--")
	c := exec.Command("nsenter", slices.Concat(enter, []string{"dockerd",
		"--config-file", n.path("daemon.json"),
		"--data-root", n.path("data"),
		"--exec-root", n.path("exec"),
		"--pidfile", n.path("dockerd.pid"),
		"--host", "unix:///run/docker.sock",
		"--exec-opt", "native.cgroupdriver=cgroupfs",
		"--cgroup-parent", n.rig.cgroup(),
	}, n.flags)...)
	var err error
	if n.engineDone, err = n.spawn(c, termWithParent); err != nil {
		return fmt.Errorf("start dockerd of %s: %w", n.Name, err)
	}
	n.Engine = c.Process.Pid
	err = poll(ctx, 60*time.Second, func() error {
		if n.engineEnded() {
			return final{errors.New("dockerd ended")}
		}
		return n.answers(ctx)
	})
	if err != nil {
		return fmt.Errorf("wait for dockerd of %s: %w\n%s", n.Name, err, n.log(20))
	}
	return nil
}

func (n *Node) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	_, err := n.Try(ctx, "version", "--format", "{{.Server.Version}}")
	return err
}

// spawn starts one of the node's own processes, marked as the rig's, with the
// node's log for output.
func (n *Node) spawn(c *exec.Cmd, whenWeEnd syscall.Signal) (<-chan struct{}, error) {
	log, err := os.OpenFile(n.path("dockerd.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	if n.rig.detached {
		whenWeEnd = noSignal
	}
	c.Stdout, c.Stderr = log, log
	c.Env = append(os.Environ(), n.rig.marker())
	c.SysProcAttr = childAttr(whenWeEnd)
	return startHeld(c)
}

func (n *Node) engineEnded() bool {
	select {
	case <-n.engineDone:
		return true
	default:
		return false
	}
}

// StopDocker ends dockerd: with SIGTERM as the machine's own stop does, its
// containers first; with SIGKILL as a crash does, its containers run on until
// the engine starts again. The test's end starts it again.
func (n *Node) StopDocker(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if n.Engine == 0 {
		return
	}
	t.Cleanup(func() { n.StartDocker(t) })
	if err := syscall.Kill(n.Engine, sig); err != nil {
		t.Fatalf("stop dockerd of %s: %v", n.Name, err)
	}
	select {
	case <-n.engineDone:
		n.Engine = 0
	case <-time.After(60 * time.Second):
		t.Fatalf("dockerd of %s goes on after %s", n.Name, sig)
	}
	Eventually(t, 30*time.Second, "dockerd's own containerd has ended", n.containerdEnded)
}

// containerdEnded looks for the containerd that dockerd started. It ends with
// dockerd, a moment later; a dockerd that starts within that moment takes it for
// alive and waits for it in vain.
func (n *Node) containerdEnded() error {
	data, err := os.ReadFile(n.path("exec/containerd/containerd.pid"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil {
		return err
	}
	if syscall.Kill(pid, 0) == nil {
		return fmt.Errorf("process %d is there", pid)
	}
	return nil
}

// StartDocker starts dockerd where it was stopped.
func (n *Node) StartDocker(t testing.TB) {
	t.Helper()
	if n.Engine != 0 {
		return
	}
	if err := n.startEngine(context.Background()); err != nil {
		t.Error(err)
	}
}

// FreezeDocker stops dockerd in its tracks: its socket takes connections and
// answers none, its containers run on. The test's end thaws it.
func (n *Node) FreezeDocker(t testing.TB) {
	t.Helper()
	if err := syscall.Kill(n.Engine, syscall.SIGSTOP); err != nil {
		t.Fatalf("freeze dockerd of %s: %v", n.Name, err)
	}
	t.Cleanup(func() { n.ThawDocker(t) })
}

// ThawDocker lets a frozen dockerd go on.
func (n *Node) ThawDocker(t testing.TB) {
	t.Helper()
	if n.Engine == 0 {
		return
	}
	if err := syscall.Kill(n.Engine, syscall.SIGCONT); err != nil {
		t.Errorf("thaw dockerd of %s: %v", n.Name, err)
	}
}
