package chaos

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/hack/rig"
)

func TestMain(m *testing.M) { os.Exit(rig.Main(m)) }

// operator is a `fairlead run` on a node.
type operator struct {
	rig    *rig.Rig
	node   *rig.Node
	binary string
	state  string

	command *exec.Cmd
	ended   chan struct{}
	log     *logBuffer
}

// start runs the operator on node i until the test ends.
func start(t *testing.T, r *rig.Rig, i int, args ...string) *operator {
	t.Helper()
	state, err := os.MkdirTemp("", "fairlead-chaos-") // t.TempDir is too long for sockets
	if err != nil {
		t.Fatal(err)
	}
	o := &operator{rig: r, node: r.Node(i), binary: rig.Build(t, "./controller"), state: state, log: &logBuffer{}}
	t.Cleanup(func() {
		o.stop(t, syscall.SIGTERM)
		os.RemoveAll(state)
		if t.Failed() {
			t.Logf("the operator on %s said:\n%s", o.node.Name, o.log.tail(100))
		}
	})
	o.run(t, args)
	return o
}

func (o *operator) run(t *testing.T, args []string) {
	t.Helper()
	args = append([]string{"run", "--state-dir", o.state, "--http", ":8080", "--https", ":8443", "--drain", "2s"}, args...)
	o.command = o.node.Command(context.Background(), o.binary, args...)
	o.command.Stdout, o.command.Stderr = o.log, o.log
	if err := o.command.Start(); err != nil {
		t.Fatal(err)
	}
	o.ended = make(chan struct{})
	go func() { o.command.Wait(); close(o.ended) }()
	rig.Eventually(t, 30*time.Second, "the operator is ready", func() error {
		if o.isEnded() {
			return fmt.Errorf("it ended: %s", o.log.tail(20))
		}
		_, err := o.admin("/readyz")
		return err
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
	client := o.node.HTTP("127.0.0.1:9900")
	defer client.CloseIdleConnections()
	client.Timeout = 10 * time.Second
	resp, err := client.Get("http://admin" + path)
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

// metric is the value of a metric without labels.
func (o *operator) metric(t *testing.T, name string) float64 {
	t.Helper()
	body, err := o.admin("/metrics")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(body) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			var f float64
			if _, err := fmt.Sscan(value, &f); err != nil {
				t.Fatal(err)
			}
			return f
		}
	}
	t.Fatalf("there is no metric %s", name)
	return 0
}

// cli runs a command of the client on the operator's node.
func (o *operator) cli(t *testing.T, input string, args ...string) (output string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	c := o.node.Command(ctx, o.binary, args...)
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatalf("fairlead %s: %v", strings.Join(args, " "), err)
	}
	return string(out), c.ProcessState.ExitCode()
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

func (o *operator) apply(t *testing.T, manifest string, args ...string) {
	t.Helper()
	o.must(t, manifest, append([]string{"apply", "-f", "-"}, args...)...)
}

// condition is a Route's Condition of a type, as the client shows it.
func (o *operator) condition(t *testing.T, route, kind string) v1alpha1.Condition {
	t.Helper()
	out := o.must(t, "", "get", "route", route, "-o", "json")
	var r v1alpha1.Route
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	c, _ := r.Status.Get(kind)
	return c
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

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) tail(lines int) string {
	all := strings.Split(strings.TrimSpace(l.String()), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}
