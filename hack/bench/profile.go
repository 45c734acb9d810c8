package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"fairlead.dev/fairlead/hack/bench/result"
)

// profile runs a scenario once more, outside of what is measured, with the
// subject only, and takes a CPU profile of it meanwhile.
func (s *suite) profile(ctx context.Context, sc scenario) error {
	at := slices.IndexFunc(s.contestants, func(c *contestant) bool { return c.Name == subject })
	if s.result.Quick || at < 0 || sc.measurements == 0 {
		return nil
	}
	c := s.contestants[at]
	admin := c.one.Admin
	if sc.many {
		admin = c.many.Admin
	}
	var raw []byte
	run, both := errgroup.WithContext(ctx)
	run.Go(func() (err error) {
		raw, err = fetchProfile(both, admin, max(int(s.measure.Seconds()), 1))
		return err
	})
	run.Go(func() error {
		_, err := sc.measure(both, s, c)
		return err
	})
	if err := run.Wait(); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	name := strings.ReplaceAll(sc.name(), " ", "-") + ".pprof"
	s.profiles[name] = raw
	top, err := s.top(ctx, name)
	s.result.Profiles = append(s.result.Profiles, result.Profile{Scenario: sc.name(), File: name, Top: top})
	return err
}

func fetchProfile(ctx context.Context, admin string, seconds int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", admin, seconds), nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", req.URL, res.Status)
	}
	return io.ReadAll(res.Body)
}

// topLines is how many functions of a profile the report names.
const topLines = 12

// top returns the functions in which most of the time was spent.
func (s *suite) top(ctx context.Context, name string) (string, error) {
	file := filepath.Join(s.dir, name)
	if err := os.WriteFile(file, s.profiles[name], 0o644); err != nil {
		return "", err
	}
	out, err := exec.CommandContext(ctx, "go", "tool", "pprof", "-top", fmt.Sprint("-nodecount=", topLines), file).Output()
	if err != nil {
		return "", fmt.Errorf("go tool pprof: %w", err)
	}
	_, table, _ := strings.Cut(string(out), "flat%")
	return "      flat  flat%" + table, nil
}
