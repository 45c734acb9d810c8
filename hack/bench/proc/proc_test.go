package proc

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// line is a line of /proc/PID/stat with the fields that count.
func line(pid int, name string, parent, session, user, kernel, childUser, childKernel int) string {
	return fmt.Sprintf("%d (%s) S %d %d %d 0 -1 4194560 1 2 3 4 %d %d %d %d 20 0 1 0 99 1000 25 18446744073709551615\n",
		pid, name, parent, pid, session, user, kernel, childUser, childKernel)
}

func TestALineOfStatIsReadWhateverTheNameOfTheProgram(t *testing.T) {
	for _, name := range []string{"nginx", "a b", "a) S 1 1", "((", ""} {
		got, err := parseStat(line(42, name, 7, 9, 100, 20, 3, 4))
		if err != nil {
			t.Fatalf("%q: %v", name, err)
		}
		if want := (stat{pid: 42, parent: 7, session: 9, ticks: 127}); got != want {
			t.Errorf("%q: got %+v, want %+v", name, got, want)
		}
	}
}

func TestWhatIsNoLineOfStatIsAnError(t *testing.T) {
	for _, text := range []string{"", "42", "42 (a", "x (a) S 1 1 1", "42 (a) S 1 2 3", "42 (a) S x 1 1 0 0 0 0 0 0 0 1 1 1 1 1"} {
		if s, err := parseStat(text); err == nil {
			t.Errorf("%q is read as %+v", text, s)
		}
	}
}

// fakeProc writes a /proc with a server 100, its worker 101 and that one's
// child 102, an adopted worker 103 of its session, and a stranger 200.
func fakeProc(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for pid, text := range map[int]string{
		100: line(100, "server", 1, 100, 10, 5, 1000, 0),
		101: line(101, "worker", 100, 100, 20, 5, 0, 0),
		102: line(102, "helper", 101, 102, 1, 1, 0, 0),
		103: line(103, "adopted", 1, 100, 2, 3, 0, 0),
		200: line(200, "stranger", 1, 200, 5000, 5000, 0, 0),
	} {
		sub := filepath.Join(dir, fmt.Sprint(pid))
		if err := os.Mkdir(sub, 0o755); err != nil {
			t.Fatal(err)
		}
		rollup := fmt.Sprintf("00400000-7fff r--p 00000000 00:00 0 [rollup]\nRss:   %d kB\nPss:  10 kB\nPss_Dirty: 5 kB\n", pid)
		for name, text := range map[string]string{"stat": text, "smaps_rollup": rollup} {
			if err := os.WriteFile(filepath.Join(sub, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

func TestATreeIsDescendantsAndTheSessionAndWhatItsDeadChildrenUsed(t *testing.T) {
	got, err := of(fakeProc(t), 100)
	if err != nil {
		t.Fatal(err)
	}
	want := Usage{
		CPU:      (10 + 5 + 1000 + 20 + 5 + 1 + 1 + 2 + 3) * tick,
		Resident: (100 + 101 + 102 + 103) << 10, Proportional: 40 << 10, Processes: 4,
	}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestATreeWhoseRootIsGoneIsAnError(t *testing.T) {
	if u, err := of(fakeProc(t), 300); err == nil {
		t.Errorf("it uses %+v", u)
	}
}

func TestThisProcessUsesSomething(t *testing.T) {
	if _, err := os.Stat("/proc/self/smaps_rollup"); err != nil {
		t.Skip("no /proc/self/smaps_rollup here")
	}
	for began := time.Now(); time.Since(began) < 30*time.Second; {
		u, err := Of(os.Getpid())
		if err != nil {
			t.Fatal(err)
		}
		if u.CPU > 0 && u.Proportional > 0 && u.Resident >= u.Proportional {
			return
		}
	}
	t.Error("half a minute of work used no CPU or no memory")
}
