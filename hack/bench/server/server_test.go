package server

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// folder writes a peer.
func folder(t *testing.T, files map[string]string) Peer {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Open("example", dir)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestTheFolderOfAPeerSaysWhatItDoesNotDo(t *testing.T) {
	p := folder(t, map[string]string{"run": "", "traits": "# a comment\nskip S4 # another\n\npassthrough-on-https\nskip idle\n"})
	if p.Takes("S4") || p.Takes("idle") || !p.Takes("S1") || !p.PassthroughOnHTTPS {
		t.Errorf("%+v", p)
	}
}

func TestAFolderThatIsNoPeerIsAnError(t *testing.T) {
	if p, err := Open("x", t.TempDir()); err == nil {
		t.Errorf("a folder without run is %+v", p)
	}
	var p Peer
	if err := p.parse("skip\n"); err == nil || !strings.Contains(err.Error(), "skip") {
		t.Errorf("a trait that is not known: %v", err)
	}
}

func TestThePeersInTheRepositoryAreWhole(t *testing.T) {
	for _, name := range []string{"nginx", "haproxy", "caddy", "fairlead"} {
		p, err := Open(name, filepath.Join("..", "peers", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, script := range []string{"run", "change", "version"} {
			info, err := os.Stat(filepath.Join(p.Dir, script))
			if err != nil || info.Mode()&0o111 == 0 {
				t.Errorf("%s/%s cannot be run: %v", name, script, err)
			}
		}
	}
}

// waitFor waits until a file has the text.
func waitFor(t *testing.T, file, text string) {
	t.Helper()
	for began := time.Now(); time.Since(began) < time.Minute; time.Sleep(5 * time.Millisecond) {
		if got, err := os.ReadFile(file); err == nil && string(got) == text {
			return
		}
	}
	t.Fatalf("%s never held %q", file, text)
}

func TestAnInstanceIsChangedAndStoppedWithItsChildren(t *testing.T) {
	w := &World{Dir: t.TempDir(), ports: ports{map[string]bool{}}}
	p := folder(t, map[string]string{
		"run":    "#!/bin/sh\nsleep 600 & echo $! >\"$BENCH_DIR/child\"; cat \"$BENCH_HOSTS\" >\"$BENCH_DIR/seen\"; wait\n",
		"change": "#!/bin/sh\necho \"$1 $BENCH_PID\" >\"$BENCH_DIR/changed\"\n",
	})
	i, err := Start(w, p, "one", []string{"a", "b"})
	if err != nil {
		t.Fatal(err)
	}
	stop := func() { i.Stop() }
	defer func() { stop() }()
	waitFor(t, filepath.Join(i.dir, "seen"), "a\nb\n")
	if err := i.Change(context.Background(), "c"); err != nil {
		t.Fatal(err)
	}
	changed, _ := os.ReadFile(filepath.Join(i.dir, "changed"))
	if !bytes.HasPrefix(changed, []byte("c ")) || bytes.Contains(changed, []byte("c \n")) {
		t.Errorf("change was told %q", changed)
	}
	if u, err := i.Usage(); err != nil || u.Processes < 2 {
		t.Errorf("%+v, %v", u, err)
	}
	pid := i.run.Process.Pid
	i.Stop()
	stop = func() {}
	if i.Ended() == nil {
		t.Error("it has not ended")
	}
	for began := time.Now(); syscall.Kill(-pid, 0) == nil; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("its child goes on")
		}
	}
}

func TestPortsAreGivenOnce(t *testing.T) {
	p := ports{map[string]bool{}}
	var all []string
	for range 20 {
		addr, err := p.free()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, addr)
	}
	if slices.Sort(all); len(slices.Compact(all)) != 20 {
		t.Error(all)
	}
}
