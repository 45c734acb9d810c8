package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheCommittedSchemasAreUpToDate(t *testing.T) {
	root := filepath.Join("..", "..")
	for _, kind := range kinds {
		want, err := generate(filepath.Join(root, "api", "v1alpha1"), kind)
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(filepath.Join(root, fileOf(kind)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is out of date, run make generate (-want +got):\n%s", fileOf(kind), diff)
		}
	}
}
