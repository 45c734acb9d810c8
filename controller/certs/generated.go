package certs

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

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
			w.Secrets = append(w.Secrets, s)
		}
	}
	return w, nil
}

// Secret returns the bytes of the secret with this ID.
func (g *Generated) Secret(ctx context.Context, id string) ([]byte, error) {
	if data, err := g.Directory.Secret(ctx, id); err == nil {
		return data, nil
	}
	return g.own.Secret(ctx, id)
}

// Act creates a secret, unless it is there; it knows no other Actions.
func (g *Generated) Act(_ context.Context, a plan.Action) error {
	if a.CreateSecret == nil {
		panic("certs: an Action that needs a swarm")
	}
	if err := g.create(a.CreateSecret); err != nil {
		return fmt.Errorf("secret %s: %w", a.CreateSecret.Name, err)
	}
	return nil
}

// create makes a whole file appear under its name, or none: another process may
// read it, or make it, at the same time.
func (g *Generated) create(s *plan.NewSecret) error {
	if err := os.MkdirAll(g.Own, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(g.Own), ".secret-*") // for its owner only
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	data := make([]byte, s.Size)
	_, _ = rand.Read(data) // never fails
	_, err = f.Write(data)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	err = os.Link(f.Name(), filepath.Join(g.Own, s.Name))
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	return err
}
