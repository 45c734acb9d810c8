package certs

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"fairlead.dev/fairlead/controller/issue"
	"fairlead.dev/fairlead/reconcile/plan"
)

// Generated is a Directory, and the secrets of random bytes that a Plan wants
// beside its files. They stand in a folder of our own, which is made with the
// first. A file of the Directory with the same name stands for one of them, which
// is how several data planes come to have the same.
type Generated struct {
	*Directory
	// Own is the folder.
	Own string

	own Directory
}

// Observe returns the Directory's World with the secrets of both folders.
func (g *Generated) Observe(ctx context.Context) (plan.World, error) {
	w, err := g.Directory.Observe(ctx)
	if err != nil {
		return w, err
	}
	if _, err := os.Stat(g.Own); errors.Is(err, fs.ErrNotExist) {
		return w, nil
	}
	g.own.Path = g.Own
	own, err := g.own.Observe(ctx)
	if err != nil {
		return w, err
	}
	given := map[string]bool{}
	for _, s := range w.Secrets {
		given[s.Name] = true
	}
	for _, s := range own.Secrets {
		if !given[s.Name] {
			g.readLabels(&s)
			w.Secrets = append(w.Secrets, s)
		}
	}
	return w, nil
}

// readLabels reads what an issued certificate says of itself, in the lines before
// the PEM, which those who read PEM pass over (RFC 7468 section 2).
func (g *Generated) readLabels(s *plan.Secret) {
	f := g.own.files[s.Name]
	head, _, _ := bytes.Cut(f.data, []byte("-----BEGIN"))
	labels := map[string]string{}
	for line := range strings.Lines(string(head)) {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			labels[name] = value
		}
	}
	if s.Certificate = labels[plan.LabelCertificate]; s.Certificate != "" {
		s.Created, s.Issued, s.Cluster = f.info.ModTime(), plan.ReadIssued(labels), labels[plan.LabelCluster]
	}
}

// Secret returns the bytes of the secret with this ID.
func (g *Generated) Secret(ctx context.Context, id string) ([]byte, error) {
	if data, err := g.Directory.Secret(ctx, id); err == nil {
		return data, nil
	}
	return g.own.Secret(ctx, id)
}

// Act creates a secret, unless it is there, or removes one; it knows no other
// Actions.
func (g *Generated) Act(ctx context.Context, a plan.Action) error {
	switch {
	case a.CreateSecret != nil:
		data, err := g.make(ctx, a.CreateSecret)
		if err == nil {
			err = g.create(a.CreateSecret.Name, data)
		}
		if err != nil {
			return fmt.Errorf("secret %s: %w", a.CreateSecret.Name, err)
		}
		return nil
	case a.RemoveSecret != nil:
		err := os.Remove(filepath.Join(g.Own, a.RemoveSecret.Name))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	panic("certs: an Action that needs a swarm")
}

// make makes what a secret is to hold. A certificate has its labels before it.
func (g *Generated) make(ctx context.Context, s *plan.NewSecret) ([]byte, error) {
	if s.Certificate == nil {
		data := make([]byte, s.Size)
		_, _ = rand.Read(data) // never fails
		return data, nil
	}
	bundle, labels, err := issue.Secret(ctx, s, g.Secret)
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(&data, "%s: %s\n", name, labels[name])
	}
	data.Write(bundle)
	return data.Bytes(), nil
}

// create makes a whole file appear under its name, or none: another process may
// read it, or make it, at the same time.
func (g *Generated) create(name string, data []byte) error {
	if err := os.MkdirAll(g.Own, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(g.Own), ".secret-*") // for its owner only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), filepath.Join(g.Own, name))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}
