package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// What a child gets when this process ends.
const (
	killWithParent = syscall.SIGKILL
	termWithParent = syscall.SIGTERM
	noSignal       = syscall.Signal(0)
)

// childAttr puts a child into a process group of its own, so that Ctrl-C at a
// terminal reaches us only, and has the kernel send it sig when we end.
func childAttr(sig syscall.Signal) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: sig}
}

// startHeld starts c and reaps it. The signal of childAttr comes when the thread
// ends that started the child, so that thread is kept until the child ends; the
// channel is closed then.
func startHeld(c *exec.Cmd) (<-chan struct{}, error) {
	started, ended := make(chan error, 1), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(ended)
		err := c.Start()
		started <- err
		if err == nil {
			_ = c.Wait() // how it ended is in c.ProcessState
		}
	}()
	return ended, <-started
}

// inNetNS calls f on a thread that is in the network namespace. What f opens
// stays there, wherever it is used.
func inNetNS(file string, f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		home, err := os.Open("/proc/thread-self/ns/net")
		if err != nil {
			runtime.UnlockOSThread()
			done <- err
			return
		}
		defer home.Close()
		err = enterNetNS(file)
		if err == nil {
			err = f()
		}
		// A thread that cannot go home stays locked, and ends with the goroutine.
		if unix.Setns(int(home.Fd()), unix.CLONE_NEWNET) == nil {
			runtime.UnlockOSThread()
		}
		done <- err
	}()
	return <-done
}

func enterNetNS(file string) error {
	ns, err := os.Open(file)
	if err != nil {
		return err
	}
	defer ns.Close()
	if err := unix.Setns(int(ns.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter %s: %w", file, err)
	}
	return nil
}

// procNS is the file of a process's namespace.
func procNS(pid int, kind string) string { return fmt.Sprintf("/proc/%d/ns/%s", pid, kind) }

// lockFile takes the lock of a file, or returns nil, nil where somebody else has
// it. The lock ends with the file or with the process.
func lockFile(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		return f, nil
	}
	_ = f.Close()
	if errors.Is(err, unix.EWOULDBLOCK) {
		return nil, nil
	}
	return nil, fmt.Errorf("lock %s: %w", name, err)
}
