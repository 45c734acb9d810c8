package server

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// Peer is a kind of server.
type Peer struct {
	Name, Dir string
	// Skips are the scenarios that it takes no part in.
	Skips []string
	// PassthroughOnHTTPS says that TLS of both kinds is on one port.
	PassthroughOnHTTPS bool
}

// Open reads the folder of a peer.
func Open(name, dir string) (Peer, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return Peer{}, err
	}
	p := Peer{Name: name, Dir: dir}
	if _, err := os.Stat(filepath.Join(dir, "run")); err != nil {
		return Peer{}, fmt.Errorf("peer %s: %w", name, err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "traits"))
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err != nil {
		return Peer{}, fmt.Errorf("peer %s: %w", name, err)
	}
	if err := p.parse(string(text)); err != nil {
		return Peer{}, fmt.Errorf("peer %s: traits: %w", name, err)
	}
	return p, nil
}

func (p *Peer) parse(traits string) error {
	for line := range strings.Lines(traits) {
		line, _, _ = strings.Cut(line, "#")
		switch words := strings.Fields(line); {
		case len(words) == 0:
		case len(words) == 2 && words[0] == "skip":
			p.Skips = append(p.Skips, words[1])
		case len(words) == 1 && words[0] == "passthrough-on-https":
			p.PassthroughOnHTTPS = true
		default:
			return fmt.Errorf("%q is not known", strings.TrimSpace(line))
		}
	}
	return nil
}

// Takes says whether the peer takes part in a scenario.
func (p *Peer) Takes(scenario string) bool { return !slices.Contains(p.Skips, scenario) }

// Version is the line that the peer's version script prints.
func (p *Peer) Version(ctx context.Context, bin string) string {
	c := exec.CommandContext(ctx, filepath.Join(p.Dir, "version"))
	c.Env = append(os.Environ(), "BENCH_BIN="+bin)
	out, err := c.Output()
	if err != nil {
		return "unknown"
	}
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}
