package archtest

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// allowed is what stands at the root.
var allowed = []string{
	".ci", ".gitignore", "Dockerfile", "Makefile", "PROJECT", "README.md",
	"api", "controller", "dataplane", "go.mod", "go.sum", "hack", "manifests", "reconcile",
}

// made is what .gitignore leaves out, and what a checkout brings.
var made = []string{".git", ".run", "bin"}

func TestNothingElseStandsAtTheRoot(t *testing.T) {
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	var there []string
	for _, e := range entries {
		if !slices.Contains(made, e.Name()) {
			there = append(there, e.Name())
		}
	}
	if d := cmp.Diff(allowed, there); d != "" {
		t.Errorf("allowed (-) and there (+):\n%s", d)
	}
}
