//go:build !linux

package rig

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// Missing keeps a rig from being started here, so none of this is reached; it
// lets the tests that use a rig compile.

const (
	killWithParent = syscall.SIGKILL
	termWithParent = syscall.SIGTERM
	noSignal       = syscall.Signal(0)
)

var errLinux = errors.New("a rig needs Linux")

func childAttr(syscall.Signal) *syscall.SysProcAttr { return nil }

func startHeld(*exec.Cmd) (<-chan struct{}, error) { return nil, errLinux }

func inNetNS(string, func() error) error { return errLinux }

func procNS(int, string) string { return "" }

func lockFile(string) (*os.File, error) { return nil, errLinux }
