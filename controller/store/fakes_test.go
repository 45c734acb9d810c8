package store

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// fakeSwarm is an API in memory that keeps Swarm's rules: names are unique
// whatever their case, data is immutable, labels change by compare-and-swap.
type fakeSwarm struct {
	mu      sync.Mutex // guards following
	configs map[string]Config
	version uint64
	updates int
	clock   time.Time
	// refuse makes calls fail; it gets "list", "create NAME", "update NAME", "remove NAME".
	refuse func(call string) error
}

func newFakeSwarm() *fakeSwarm {
	return &fakeSwarm{configs: map[string]Config{}, clock: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (s *fakeSwarm) refused(call string) error {
	if s.refuse == nil {
		return nil
	}
	return s.refuse(call)
}

func (s *fakeSwarm) ListConfigs(_ context.Context, label string) ([]Config, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []Config
	for _, c := range s.configs { // any order, as from Swarm
		if _, ok := c.Labels[label]; ok {
			c.Labels = maps.Clone(c.Labels)
			found = append(found, c)
		}
	}
	return found, s.refused("list")
}

func (s *fakeSwarm) CreateConfig(_ context.Context, name string, labels map[string]string, data []byte) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refused("create " + name); err != nil {
		return "", err
	}
	if len(name) > 64 {
		return "", errors.New("name must be valid")
	}
	for _, c := range s.configs {
		if strings.EqualFold(c.Name, name) {
			return "", fmt.Errorf("config %s: %w", name, ErrConflict)
		}
	}
	s.version++
	s.clock = s.clock.Add(time.Second)
	id := fmt.Sprintf("id%d", s.version)
	s.configs[id] = Config{
		ID: id, Name: name, Version: s.version, CreatedAt: s.clock, Labels: maps.Clone(labels), Data: slices.Clone(data),
	}
	return id, nil
}

func (s *fakeSwarm) UpdateConfigLabels(_ context.Context, id string, version uint64, labels map[string]string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c, ok := s.configs[id]
	switch {
	case !ok:
		return ErrNotFound
	case c.Version != version:
		return ErrConflict
	}
	if err := s.refused("update " + c.Name); err != nil {
		return err
	}
	s.version++
	s.updates++
	c.Version, c.Labels = s.version, maps.Clone(labels)
	s.configs[id] = c
	return nil
}

func (s *fakeSwarm) RemoveConfig(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.refused("remove " + s.configs[id].Name); err != nil {
		return err
	}
	delete(s.configs, id)
	return nil
}

// names are those of all configs, sorted.
func (s *fakeSwarm) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var names []string
	for _, c := range s.configs {
		names = append(names, c.Name)
	}
	slices.Sort(names)
	return names
}

// label returns a label of the config with the name.
func (s *fakeSwarm) label(name, label string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.configs {
		if c.Name == name {
			return c.Labels[label]
		}
	}
	return ""
}
