// Package h2spec has h2spec look at servers of HTTP/2, in tests. Its version is
// pinned in a module of its own, hack/tools/h2spec, whose build the go command
// keeps.
package h2spec

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// limit is for one run, which takes a few seconds.
const limit = time.Minute

// Run fails t unless the server at address passes every case. args are more
// arguments of h2spec's. Where h2spec cannot be built t is skipped, but not in CI.
func Run(t *testing.T, address string, args ...string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	binary := build(t)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	args = append([]string{"-h", host, "-p", port, "-o", "2"}, args...)
	raw, err := exec.CommandContext(ctx, binary, args...).CombinedOutput()
	out := strings.TrimSpace(string(raw))
	if err != nil {
		t.Fatalf("h2spec: %v\n%s", err, out)
	}
	if !strings.Contains(out, " 0 skipped, 0 failed") {
		t.Errorf("h2spec:\n%s", out[max(0, len(out)-8000):])
	}
	t.Log("h2spec:", out[strings.LastIndex(out, "\n")+1:])
}

func build(t *testing.T) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	binary := filepath.Join(t.TempDir(), "h2spec")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", binary, "github.com/summerwind/h2spec/cmd/h2spec")
	cmd.Dir = filepath.Join(filepath.Dir(file), "..", "tools", "h2spec")
	out, err := cmd.CombinedOutput()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("h2spec cannot be built: %v\n%s", err, out)
	default:
		t.Skipf("h2spec cannot be built: %v\n%s", err, out)
	}
	return binary
}
