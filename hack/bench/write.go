package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// write writes the result into a folder as JSON, Markdown and a picture.
func (s *suite) write(dir string) error {
	text, err := json.MarshalIndent(s.result, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for name, raw := range s.profiles {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o644); err != nil {
			return err
		}
	}
	for name, text := range map[string]string{
		"bench.json": string(text) + "\n", "README.md": s.result.Markdown("bench.svg"), "bench.svg": s.result.SVG(),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	fmt.Printf("\n%s has the report, bench.svg the picture, bench.json all values.\n", filepath.Join(dir, "README.md"))
	return nil
}
