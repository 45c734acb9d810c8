package e2e

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/hack/rig"
)

// operator is a `fairlead run` on a node, and the client to it.
type operator struct {
	rig    *rig.Rig
	node   *rig.Node
	binary string
	state  string
	args   []string
	env    []string // beside this process's own, for run and for the client
	at     ports    // the usual ones where it is zero

	command *exec.Cmd
	ended   chan struct{}
	log     *logBuffer
}

// ports are those of an operator on its node.
type ports struct{ http, https, admin string }

var usual = ports{"8080", "8443", "9900"}

func (o *operator) ports() ports { return cmp.Or(o.at, usual) }

// start runs the operator on node i until the test ends.
func start(t *testing.T, r *rig.Rig, i int, args ...string) *operator {
	t.Helper()
	return startWith(t, r, i, nil, args...)
}

// startWith is start with variables of the environment.
func startWith(t *testing.T, r *rig.Rig, i int, env []string, args ...string) *operator {
	t.Helper()
	return startAt(t, r, i, usual, env, args...)
}

// startAt is startWith for one that is not alone on its node.
func startAt(t *testing.T, r *rig.Rig, i int, at ports, env []string, args ...string) *operator {
	t.Helper()
	state, err := os.MkdirTemp("", "fairlead-e2e-") // t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	o := &operator{rig: r, node: r.Node(i), binary: rig.Build(t, "./controller"), state: state, args: args, env: env, at: at}
	t.Cleanup(func() {
		o.stop(t, syscall.SIGTERM)
		os.RemoveAll(state)
		if t.Failed() {
			t.Logf("the operator said:\n%s", o.log.tail(200))
		}
	})
	o.run(t)
	return o
}

// run starts the process and waits until it serves.
func (o *operator) run(t *testing.T) {
	t.Helper()
	o.log = &logBuffer{}
	args := append([]string{"run", "--state-dir", o.state, "--http", ":" + o.ports().http, "--https", ":" + o.ports().https, "--admin", "127.0.0.1:" + o.ports().admin, "--drain", "2s"}, o.args...)
	o.command = o.node.Command(context.Background(), o.binary, args...)
	o.command.Env = append(os.Environ(), o.env...)
	o.command.Stdout, o.command.Stderr = o.log, o.log
	if err := o.command.Start(); err != nil {
		t.Fatal(err)
	}
	command, ended := o.command, make(chan struct{})
	o.ended = ended
	go func() { command.Wait(); close(ended) }()
	rig.Eventually(t, 30*time.Second, "the operator is ready", func() error {
		if o.isEnded() {
			return fmt.Errorf("it ended: %s", o.log.tail(20))
		}
		return o.ready()
	})
}

func (o *operator) isEnded() bool {
	select {
	case <-o.ended:
		return true
	default:
		return false
	}
}

func (o *operator) ready() error {
	_, err := o.admin("/readyz")
	return err
}

// stop ends the process with a signal and waits for it.
func (o *operator) stop(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if o.command == nil || o.isEnded() {
		return
	}
	o.command.Process.Signal(signal)
	select {
	case <-o.ended:
	case <-time.After(20 * time.Second):
		t.Errorf("the operator did not end within 20 s of %v", signal)
		o.command.Process.Kill()
		<-o.ended
	}
}

// admin asks the admin interface.
func (o *operator) admin(path string) (string, error) {
	resp, err := o.node.HTTP("127.0.0.1:" + o.ports().admin).Get("http://admin" + path)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, body)
	}
	return string(body), err
}

// endpoints are the addresses of a Backend by its name, "" for all.
func (o *operator) endpoints(backend string) []string {
	body, err := o.admin("/api/v1/snapshot")
	if err != nil {
		return nil
	}
	var s snapshot.Snapshot
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		return nil
	}
	var out []string
	for _, b := range s.Backends {
		for _, e := range b.Endpoints {
			if backend == "" || b.Name == backend {
				out = append(out, e.Address)
			}
		}
	}
	return out
}

// cli runs a command of the client on the operator's node, with input on its
// standard input, and returns what it printed and its exit code.
func (o *operator) cli(t *testing.T, input string, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	c := o.node.Command(ctx, o.binary, args...)
	c.Env = append(os.Environ(), o.env...)
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !asExit(err, &exit) {
		t.Fatalf("fairlead %s: %v", strings.Join(args, " "), err)
	}
	return string(out), c.ProcessState.ExitCode()
}

func asExit(err error, to **exec.ExitError) bool {
	e, ok := err.(*exec.ExitError)
	*to = e
	return ok
}

// must is cli for what has to succeed.
func (o *operator) must(t *testing.T, input string, args ...string) string {
	t.Helper()
	out, code := o.cli(t, input, args...)
	if code != 0 {
		t.Fatalf("fairlead %s: exit code %d\n%s", strings.Join(args, " "), code, out)
	}
	return out
}

// apply applies a manifest.
func (o *operator) apply(t *testing.T, manifest string, args ...string) string {
	t.Helper()
	return o.must(t, manifest, append([]string{"apply", "-f", "-"}, args...)...)
}

// logBuffer collects what a process says.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) tail(lines int) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := strings.Split(strings.TrimSpace(l.b.String()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

var errNotYet = errors.New("not yet")

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// writeFile makes a file that the nodes see as well.
func writeFile(t *testing.T, _ *rig.Rig, name, data string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
