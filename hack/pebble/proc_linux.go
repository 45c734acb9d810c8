package pebble

import "syscall"

// endWithParent has the kernel end a child with this process.
func endWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
