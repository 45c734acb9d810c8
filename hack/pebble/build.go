package pebble

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
)

const pkg = "github.com/letsencrypt/pebble/v2/cmd/pebble"

// build returns the path of Pebble, which is built once for each version of it and
// of Go.
var build = sync.OnceValues(func() (string, error) {
	tool, err := toolDir()
	if err != nil {
		return "", err
	}
	sums, err := os.ReadFile(filepath.Join(tool, "go.sum"))
	if err != nil {
		return "", err
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	id := sha256.Sum256(append(sums, runtime.Version()+runtime.GOOS+runtime.GOARCH...))
	dir := filepath.Join(cache, "fairlead-pebble")
	built := filepath.Join(dir, hex.EncodeToString(id[:8]))
	if _, err := os.Stat(built); err == nil {
		return built, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(dir, ".build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	fresh := filepath.Join(work, "pebble")
	c := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", fresh, pkg)
	c.Dir, c.Env = tool, append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if out, err := c.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", pkg, err, out)
	}
	return built, os.Rename(fresh, built)
})

// toolDir is the folder of the module that pins Pebble: it is seen from the
// repository's root, which is at or above a test's working directory.
func toolDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		tool := filepath.Join(dir, "hack", "pebble", "tool")
		if _, err := os.Stat(filepath.Join(tool, "go.mod")); err == nil {
			return tool, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no hack/pebble/tool at or above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}
