package rig

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"fairlead.dev/fairlead/hack/image"
)

// built is the binaries of this process.
var built struct {
	sync.Mutex // guards following
	dir        string
	paths      map[string]string
}

// Build builds a package of this module, such as "./controller", as a static
// binary and returns its path. A package is built once a process.
func Build(t testing.TB, pkg string) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if p, ok := built.paths[pkg]; ok {
		return p
	}
	p, err := build(pkg)
	if err != nil {
		t.Fatalf("build %s: %v", pkg, err)
	}
	if built.paths == nil {
		built.paths = map[string]string{}
	}
	built.paths[pkg] = p
	return p
}

// build puts the binary beside the rigs, where it outlives the test that asked
// first; `go build` replaces it only if it differs.
func build(pkg string) (string, error) {
	module, err := moduleDir()
	if err != nil {
		return "", err
	}
	name := path.Base(pkg)
	if name == "controller" {
		name = "fairlead"
	}
	if err := os.MkdirAll(root(), 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(root(), ".build-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, name)
	c := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", out, pkg)
	c.Dir = module
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if _, err := output(c); err != nil {
		return "", err
	}
	return keep(out)
}

// keep moves a binary to a folder named after its content, so that two processes
// that build at once do not take each other's away. What a day ago was kept goes.
func keep(binary string) (string, error) {
	data, err := os.ReadFile(binary)
	if err != nil {
		return "", err
	}
	bin := filepath.Join(root(), "bin")
	old, _ := filepath.Glob(filepath.Join(bin, "*"))
	for _, dir := range old {
		if i, err := os.Stat(dir); err == nil && time.Since(i.ModTime()) > 24*time.Hour {
			_ = os.RemoveAll(dir)
		}
	}
	sum := sha256.Sum256(data)
	kept := filepath.Join(bin, hex.EncodeToString(sum[:8]), filepath.Base(binary))
	if err := os.MkdirAll(filepath.Dir(kept), 0o755); err != nil {
		return "", err
	}
	// The change of the folder's time keeps it for another day.
	return kept, os.Rename(binary, kept)
}

// moduleDir is the folder of go.mod, at or above the working directory.
func moduleDir() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no go.mod at or above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// Image makes an image around a static binary, loads it into every node and
// returns its ID, the same on all of them. Without an entrypoint the binary is
// it.
func (r *Rig) Image(t testing.TB, name, binary string, entrypoint ...string) string {
	t.Helper()
	id, err := r.Load(context.Background(), name, binary, entrypoint...)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Load is Image without a test.
func (r *Rig) Load(ctx context.Context, name, binary string, entrypoint ...string) (string, error) {
	archive := filepath.Join(r.dir, filepath.Base(binary)+".tar")
	id, err := image.WriteFile(archive, image.Spec{Name: name + ":rig", Binary: binary, Entrypoint: entrypoint})
	if err != nil {
		return "", err
	}
	defer os.Remove(archive)
	for _, n := range r.nodes {
		if n.has(ctx, id) {
			continue
		}
		if _, err := n.Try(ctx, "load", "--quiet", "--input", archive); err != nil {
			return "", err
		}
		if !n.has(ctx, id) {
			return "", fmt.Errorf("image %s of %s is not on %s after it was loaded", id, name, n.Name)
		}
	}
	return id, nil
}

func (n *Node) has(ctx context.Context, image string) bool {
	got, err := n.Try(ctx, "image", "inspect", "--format", "{{.Id}}", image)
	return err == nil && got == image
}
