//go:build amd64 || arm64

package passthrough

import (
	"os"
	"syscall"
)

// pipe is what splice(2) moves bytes through.
type pipe struct{ r, w int }

// pipeSize is what a pipe is to hold, as far as the system allows.
const pipeSize = 1 << 20

func newPipe() (pipe, error) {
	var p [2]int
	if err := syscall.Pipe2(p[:], syscall.O_NONBLOCK|syscall.O_CLOEXEC); err != nil {
		return pipe{}, os.NewSyscallError("pipe2", err)
	}
	_, _, _ = syscall.RawSyscall(syscall.SYS_FCNTL, uintptr(p[1]), syscall.F_SETPIPE_SZ, pipeSize)
	return pipe{p[0], p[1]}, nil
}

func (p pipe) close() {
	closeFD(p.r)
	closeFD(p.w)
}

// lend returns an empty pipe.
func (l *loop) lend() (pipe, error) {
	if n := len(l.pipes); n > 0 {
		p := l.pipes[n-1]
		l.pipes = l.pipes[:n-1]
		return p, nil
	}
	return newPipe()
}

// sparePipes is how many empty pipes are kept: a flow has one only while its
// reader is slow.
const sparePipes = 16

// give takes back a pipe, which has to be empty.
func (l *loop) give(p pipe) {
	if len(l.pipes) >= sparePipes {
		p.close()
		return
	}
	l.pipes = append(l.pipes, p)
}
