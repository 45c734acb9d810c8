// Package proc reads from /proc what a tree of processes has used: CPU time and
// memory.
//
// A tree is a process, all its descendants, and all processes of its session:
// a server that forks its workers and lets them be adopted still has them in
// the session that it was started in. What children used that have ended and
// were waited for is counted by the kernel in their parent.
package proc

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// stat is what we read of /proc/PID/stat, see proc(5).
type stat struct {
	pid, parent, session int
	// ticks is the CPU time in user and kernel mode, of the process and of its
	// children that have ended and were waited for.
	ticks int64
}

// tick is the unit of the times in /proc/PID/stat: USER_HZ is 100 on every
// architecture that Go runs on.
const tick = 10 * time.Millisecond

var errStat = errors.New("not a line of /proc/PID/stat")

// parseStat reads a line of /proc/PID/stat. The name of the program stands in
// parentheses and may hold spaces and parentheses itself, so the fields are
// counted from the last one.
func parseStat(line string) (stat, error) {
	open, end := strings.IndexByte(line, '('), strings.LastIndexByte(line, ')')
	if open < 0 || end < open {
		return stat{}, errStat
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line[:open]))
	if err != nil {
		return stat{}, fmt.Errorf("%w: pid: %w", errStat, err)
	}
	// fields[0] is field 3 of the manual.
	fields := strings.Fields(line[end+1:])
	if len(fields) < 15 {
		return stat{}, fmt.Errorf("%w: %d fields after the name", errStat, len(fields))
	}
	var n [15]int64
	for _, i := range []int{1, 3, 11, 12, 13, 14} {
		if n[i], err = strconv.ParseInt(fields[i], 10, 64); err != nil {
			return stat{}, fmt.Errorf("%w: field %d: %w", errStat, i+3, err)
		}
	}
	return stat{pid: pid, parent: int(n[1]), session: int(n[3]), ticks: n[11] + n[12] + n[13] + n[14]}, nil
}

// tree returns those of all that belong to the tree of root.
func tree(all []stat, root int) []stat {
	in := map[int]bool{root: true}
	for grown := true; grown; {
		grown = false
		for _, s := range all {
			if !in[s.pid] && (in[s.parent] || s.session == root) {
				in[s.pid], grown = true, true
			}
		}
	}
	var members []stat
	for _, s := range all {
		if in[s.pid] {
			members = append(members, s)
		}
	}
	return members
}
