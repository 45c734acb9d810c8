// Package image makes a container image around one static binary, without a
// daemon and without a registry: an archive that `docker load` takes.
//
// An archive depends on what is put in and on nothing else, no clock, no host
// name. So the image's ID is known before it is loaded, and it is the same on
// every node that loads it: a swarm can name the image by ID on all of them,
// and a name by ID is never looked up at a registry.
//
// The archive has the layout that `docker save` writes: manifest.json, the
// image's configuration, and one uncompressed layer.
package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"time"
)

// Spec is what an image is made of.
type Spec struct {
	// Name is the tag that the image gets when it is loaded: "name:tag".
	Name string
	// Binary is the file that goes into the root directory under its own name.
	Binary string
	// Entrypoint is the command; empty means the binary.
	Entrypoint []string
	// Arch is a GOARCH; empty means this machine's.
	Arch string
	// Labels are the image's labels.
	Labels map[string]string
}

// epoch is the time of everything in an image.
var epoch = time.Unix(0, 0).UTC()

// Write writes the archive to w and returns the image's ID, "sha256:…".
func Write(w io.Writer, s Spec) (string, error) {
	layer, err := layerOf(s.Binary)
	if err != nil {
		return "", fmt.Errorf("make image %s: %w", s.Name, err)
	}
	config, err := json.Marshal(configOf(s, digest(layer)))
	if err != nil {
		return "", fmt.Errorf("make image %s: %w", s.Name, err)
	}
	id := digest(config)
	manifest, err := json.Marshal([]map[string]any{{
		"Config": hexOf(id) + ".json", "RepoTags": []string{s.Name}, "Layers": []string{"layer.tar"},
	}})
	if err != nil {
		return "", fmt.Errorf("make image %s: %w", s.Name, err)
	}
	t := tar.NewWriter(w)
	for _, f := range []file{
		{hexOf(id) + ".json", 0o644, config},
		{"layer.tar", 0o644, layer},
		{"manifest.json", 0o644, manifest},
	} {
		if err := f.writeTo(t); err != nil {
			return "", fmt.Errorf("write image %s: %w", s.Name, err)
		}
	}
	if err := t.Close(); err != nil {
		return "", fmt.Errorf("write image %s: %w", s.Name, err)
	}
	return id, nil
}

// WriteFile writes the archive to a file, which is whole or not there.
func WriteFile(name string, s Spec) (id string, err error) {
	f, err := os.CreateTemp(filepath.Dir(name), ".image-*")
	if err != nil {
		return "", err
	}
	defer os.Remove(f.Name())
	if id, err = Write(f, s); err != nil {
		_ = f.Close()
		return "", err
	}
	if err := errors.Join(f.Chmod(0o644), f.Close()); err != nil {
		return "", err
	}
	return id, os.Rename(f.Name(), name)
}

// configOf is the image's configuration, as the OCI image specification has it.
func configOf(s Spec, layer string) map[string]any {
	arch := s.Arch
	if arch == "" {
		arch = runtime.GOARCH
	}
	entrypoint := s.Entrypoint
	if len(entrypoint) == 0 {
		entrypoint = []string{"/" + filepath.Base(s.Binary)}
	}
	return map[string]any{
		"architecture": arch,
		"os":           "linux",
		"created":      epoch.Format(time.RFC3339),
		"config":       map[string]any{"Entrypoint": entrypoint, "Labels": s.Labels, "WorkingDir": "/"},
		"rootfs":       map[string]any{"type": "layers", "diff_ids": []string{layer}},
		"history":      []map[string]any{{"created": epoch.Format(time.RFC3339), "created_by": "hack/image"}},
	}
}

// layerOf is a root directory with the binary and an empty /tmp.
func layerOf(binary string) ([]byte, error) {
	data, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	tmp := &tar.Header{Typeflag: tar.TypeDir, Name: "tmp/", Mode: 0o1777, ModTime: epoch}
	if err := t.WriteHeader(tmp); err != nil {
		return nil, err
	}
	if err := (file{path.Clean(filepath.Base(binary)), 0o755, data}).writeTo(t); err != nil {
		return nil, err
	}
	return b.Bytes(), t.Close()
}

// file is one regular file of an archive.
type file struct {
	name string
	mode int64
	data []byte
}

func (f file) writeTo(t *tar.Writer) error {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.data)), ModTime: epoch}
	if err := t.WriteHeader(h); err != nil {
		return err
	}
	_, err := t.Write(f.data)
	return err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return "sha256:" + hex.EncodeToString(sum[:])
}

func hexOf(digest string) string { return digest[len("sha256:"):] }
