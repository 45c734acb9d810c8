package doctor

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Port is one that a data plane listens on.
type Port struct {
	// Flag is the flag of run that it is given with.
	Flag, Address string
	Number        int
	// Err is why it cannot be listened on; nil where it is free.
	Err error
	// Holder is the program that has it; "" where that cannot be told.
	Holder string
	// Ours: it is a data plane's.
	Ours bool
}

// Look tries whether the port at an address such as ":80" is free.
func Look(flag, address string) Port {
	p := Port{Flag: flag, Address: address}
	_, number, _ := net.SplitHostPort(address)
	p.Number, _ = strconv.Atoi(number)
	l, err := net.Listen("tcp", address)
	if err == nil {
		_ = l.Close()
		return p
	}
	p.Err = err
	if errors.Is(err, syscall.EADDRINUSE) {
		p.Holder = holder(p.Number)
		p.Ours = p.Holder != "" && slices.Contains([]string{"fairlead", ownName()}, p.Holder)
	}
	return p
}

func port(p Port) Result {
	check := "port " + strconv.Itoa(p.Number)
	switch {
	case p.Err == nil:
		return ok(check, "free for --%s", p.Flag)
	case p.Ours:
		return ok(check, "a data plane has it")
	case p.Holder != "":
		return Result{check, Fail, fmt.Sprintf("%s has it", p.Holder), fmt.Sprintf("stop it, or give run and doctor another address with --%s", p.Flag)}
	case errors.Is(p.Err, syscall.EADDRINUSE):
		return Result{check, Warn, "somebody has it, and who cannot be told", "run doctor as root to see who it is"}
	case errors.Is(p.Err, syscall.EACCES):
		return Result{check, Warn, "whether it is free cannot be told without the right to listen on it", "run doctor as root"}
	}
	return Result{check, Fail, p.Err.Error(), fmt.Sprintf("give run and doctor another address with --%s", p.Flag)}
}

func ownName() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return filepath.Base(path)
}

// holder is the name of the program that listens on a TCP port; "" where the
// system does not tell.
func holder(number int) string {
	sockets := map[string]bool{}
	for _, table := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		if f, err := os.Open(table); err == nil {
			addListening(sockets, bufio.NewScanner(f), number)
			f.Close()
		}
	}
	links, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil || len(sockets) == 0 {
		return ""
	}
	for _, link := range links {
		if to, err := os.Readlink(link); err == nil && sockets[to] {
			return programOf(filepath.Dir(filepath.Dir(link)))
		}
	}
	return ""
}

// addListening adds the sockets of a table of the kernel that listen on the
// port, as links to them read.
func addListening(sockets map[string]bool, table *bufio.Scanner, number int) {
	const listening = "0A"
	port := fmt.Sprintf(":%04X", number)
	for table.Scan() {
		if f := strings.Fields(table.Text()); len(f) > 9 && f[3] == listening && strings.HasSuffix(f[1], port) {
			sockets["socket:["+f[9]+"]"] = true
		}
	}
}

func programOf(process string) string {
	path, err := os.Readlink(filepath.Join(process, "exe"))
	if err != nil {
		return ""
	}
	return filepath.Base(strings.TrimSuffix(path, " (deleted)"))
}
