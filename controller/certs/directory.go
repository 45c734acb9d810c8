// Package certs is where certificates and keys come from. For now that is Docker
// secrets, which package swarm and the Tenders deal with, and for a data plane
// without a swarm a directory of files, which stands in for them, and another one
// for what Fairlead generates.
package certs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"fairlead.dev/fairlead/reconcile/plan"
)

// Directory gives the files of a folder as secrets: a file's name is the
// secret's, and its ID is made of its bytes, so that a changed file is another
// secret. Its zero value with Path set works; Path "" is an empty folder.
type Directory struct {
	Path string

	mu    sync.Mutex // guards following
	files map[string]file
}

// file is a file as it was read last.
type file struct {
	info fs.FileInfo
	id   string
	data []byte
}

// Observe returns a World without a swarm, that has the files as its secrets.
// A file is read again only where its size, time or inode is another.
func (d *Directory) Observe(context.Context) (plan.World, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	found, err := d.read()
	if err != nil {
		return plan.World{}, fmt.Errorf("secrets: %w", err)
	}
	d.files = found
	var w plan.World
	for _, name := range slices.Sorted(maps.Keys(found)) {
		w.Secrets = append(w.Secrets, plan.Secret{ID: found[name].id, Name: name})
	}
	return w, nil
}

// Secret returns the bytes of the secret with this ID.
func (d *Directory) Secret(_ context.Context, id string) ([]byte, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, f := range d.files {
		if f.id == id {
			return f.data, nil
		}
	}
	return nil, fmt.Errorf("%w: no file has the secret's bytes now", fs.ErrNotExist)
}

func (d *Directory) read() (map[string]file, error) {
	found := map[string]file{}
	if d.Path == "" {
		return found, nil
	}
	entries, err := os.ReadDir(d.Path)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		f, err := d.readFile(e.Name())
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed meanwhile
		}
		if err != nil {
			return nil, err
		}
		if f.id != "" {
			found[e.Name()] = f
		}
	}
	return found, nil
}

// readFile follows links. What is no regular file has no ID.
func (d *Directory) readFile(name string) (file, error) {
	path := filepath.Join(d.Path, name)
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() {
		return file{}, err
	}
	if old, ok := d.files[name]; ok && os.SameFile(old.info, info) && old.info.Size() == info.Size() && old.info.ModTime().Equal(info.ModTime()) {
		return old, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return file{}, err
	}
	sum := sha256.Sum256(data)
	return file{info: info, id: "file-" + hex.EncodeToString(sum[:16]), data: data}, nil
}
