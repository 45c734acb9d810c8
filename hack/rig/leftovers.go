package rig

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const markerName = "FAIRLEAD_RIG"

func cgroupOf(id string) string { return "/fairlead-rig-" + id }

// removeLeftovers removes every rig that nobody holds. A detached one stays.
func removeLeftovers() {
	locks, err := filepath.Glob(filepath.Join(root(), "*.lock"))
	if err != nil {
		panic("rig: " + err.Error()) // the pattern is ours
	}
	for _, name := range locks {
		dir := strings.TrimSuffix(name, ".lock")
		if isDetached(dir) {
			continue
		}
		lock, err := lockFile(name)
		if err != nil || lock == nil {
			continue
		}
		remove(filepath.Base(dir))
		_ = lock.Close()
	}
}

// remove ends and removes everything of the rig. It may be called at any time,
// any number of times, by whoever holds the rig's lock. What resists is left to
// the next call.
func remove(id string) {
	end := time.Now().Add(20 * time.Second)
	for time.Now().Before(end) {
		pids := processesOf(id)
		if len(pids) == 0 {
			break
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
		time.Sleep(20 * time.Millisecond) // the kernel takes them down meanwhile
	}
	spaces, _ := filepath.Glob(netnsDir + id + "-*")
	for _, ns := range spaces {
		if isOurs(filepath.Base(ns), id) {
			_ = ip(context.Background(), "netns delete "+filepath.Base(ns))
		}
	}
	removeCgroups(id)
	_ = os.RemoveAll(filepath.Join(root(), id))
}

// isOurs keeps rig a-1 from taking the namespaces of a rig a-1-b-1.
func isOurs(ns, id string) bool {
	rest := strings.TrimPrefix(ns, id+"-")
	number, isNode := strings.CutPrefix(rest, "n")
	_, err := strconv.Atoi(number)
	return rest == "fabric" || isNode && err == nil
}

// processesOf is every process that carries the rig's marker or is in its
// cgroup, in ascending order; a zombie has ended.
func processesOf(id string) []int {
	marker := []byte(markerName + "=" + id)
	inGroup := cgroupProcesses(id)
	entries, _ := os.ReadDir("/proc")
	var pids []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		environ, _ := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
		if slices.Contains(inGroup, pid) || hasVariable(environ, marker) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func hasVariable(environ, variable []byte) bool {
	return slices.ContainsFunc(bytes.Split(environ, []byte{0}), func(v []byte) bool { return bytes.Equal(v, variable) })
}

// cgroupDirs are the rig's cgroups, in every hierarchy there is, deepest first.
func cgroupDirs(id string) []string {
	roots, _ := filepath.Glob("/sys/fs/cgroup/*" + cgroupOf(id))
	roots = append(roots, "/sys/fs/cgroup"+cgroupOf(id))
	var dirs []string
	for _, r := range roots {
		_ = filepath.WalkDir(r, func(name string, e fs.DirEntry, err error) error {
			if err == nil && e.IsDir() {
				dirs = append(dirs, name)
			}
			return nil
		})
	}
	slices.Reverse(dirs)
	return dirs
}

func cgroupProcesses(id string) []int {
	var pids []int
	for _, dir := range cgroupDirs(id) {
		data, _ := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
		for _, word := range strings.Fields(string(data)) {
			if pid, err := strconv.Atoi(word); err == nil && pid > 0 && !isZombie(pid) {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

// isZombie is true of a process that waits for its parent to ask how it ended.
func isZombie(pid int) bool {
	stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return true
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return bytes.HasPrefix(rest, []byte("Z"))
}

func removeCgroups(id string) {
	for _, dir := range cgroupDirs(id) {
		_ = os.Remove(dir)
	}
}
