package http2

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// TestH2Spec has h2spec look at a server. Its version is pinned in a module of
// its own, whose build the go command keeps.
func TestH2Spec(t *testing.T) {
	binary := buildH2Spec(t)
	l := listen(t, &Config{Handler: func(s *Stream) {
		if _, err := io.Copy(io.Discard, s); err != nil {
			return
		}
		_ = s.WriteHead(200, message.Fields{{Name: "Content-Type", Value: "text/plain"}}, false)
		_, _ = s.WriteLast([]byte("hello"))
	}})
	host, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, binary, "-h", host, "-p", port, "-o", "1").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if !strings.Contains(string(out), " 0 skipped, 0 failed") {
		t.Errorf("h2spec:\n%s", out[max(0, len(out)-4000):])
	}
	t.Logf("h2spec: %s", strings.TrimSpace(string(out[strings.LastIndex(strings.TrimSpace(string(out)), "\n")+1:])))
}

func buildH2Spec(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "h2spec")
	build := exec.Command("go", "build", "-o", binary, "github.com/summerwind/h2spec/cmd/h2spec")
	build.Dir = "../../hack/tools/h2spec"
	if out, err := build.CombinedOutput(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("h2spec cannot be built: %v\n%s", err, out)
		}
		t.Skipf("h2spec cannot be built: %v\n%s", err, out)
	}
	return binary
}
