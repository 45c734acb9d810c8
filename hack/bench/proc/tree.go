package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Usage is what a tree of processes uses.
type Usage struct {
	// CPU is the time in user and kernel mode since the tree began.
	CPU time.Duration
	// Resident is the resident memory of all its processes in bytes; pages that
	// they share count in each.
	Resident int64
	// Proportional is the same with every shared page divided by the number of
	// processes that share it.
	Proportional int64
	// Processes is the number of processes.
	Processes int
}

// Of returns what the tree under the process root uses now.
func Of(root int) (Usage, error) { return of("/proc", root) }

// CPU returns only the CPU time; reading the memory costs time itself.
func CPU(root int) (time.Duration, error) {
	members, err := membersOf("/proc", root)
	return cpu(members), err
}

func of(dir string, root int) (Usage, error) {
	members, err := membersOf(dir, root)
	if err != nil {
		return Usage{}, err
	}
	u := Usage{CPU: cpu(members), Processes: len(members)}
	for _, m := range members {
		rollup, err := os.ReadFile(filepath.Join(dir, strconv.Itoa(m.pid), "smaps_rollup"))
		if err != nil {
			continue // It has ended since.
		}
		resident, proportional := parseRollup(string(rollup))
		u.Resident += resident
		u.Proportional += proportional
	}
	return u, nil
}

func cpu(members []stat) time.Duration {
	var sum int64
	for _, m := range members {
		sum += m.ticks
	}
	return time.Duration(sum) * tick
}

// membersOf lists the processes of the tree. There is an error if the root is
// gone: its figures are lost.
func membersOf(dir string, root int) ([]stat, error) {
	files, err := filepath.Glob(filepath.Join(dir, "[0-9]*", "stat"))
	if err != nil {
		return nil, err
	}
	var all []stat
	alive := false
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // It has ended since.
		}
		s, err := parseStat(string(line))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		all = append(all, s)
		alive = alive || s.pid == root
	}
	if !alive {
		return nil, fmt.Errorf("process %d has ended", root)
	}
	return tree(all, root), nil
}

// parseRollup reads /proc/PID/smaps_rollup, whose lines are "Rss:  1234 kB".
func parseRollup(text string) (resident, proportional int64) {
	for line := range strings.Lines(text) {
		name, rest, _ := strings.Cut(line, ":")
		fields := strings.Fields(rest)
		if len(fields) != 2 || fields[1] != "kB" {
			continue
		}
		kib, err := strconv.ParseInt(fields[0], 10, 64)
		if err != nil {
			continue
		}
		switch name {
		case "Rss":
			resident = kib << 10
		case "Pss":
			proportional = kib << 10
		}
	}
	return resident, proportional
}
