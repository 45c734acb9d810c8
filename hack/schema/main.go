// Command schema writes the JSON Schemas of the kinds that people write to
// manifests/schema, from the types of api/v1alpha1, their comments and their
// validate tags. Run it with `make generate` at the root of
// the repository; a test fails where a committed file is out of date.
//
// Every struct becomes a definition of its name; a field's comment becomes its
// description. The schema says what one field shows by itself; what is wrong
// between fields `fairlead validate` knows.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

// kinds are those that have a schema.
var kinds = []string{"Route", "Issuer", "Certificate"}

// fileOf is where the schema of a kind goes.
func fileOf(kind string) string {
	return filepath.Join("manifests", "schema", strings.ToLower(kind)+".json")
}

// run writes the schemas of the repository at root.
func run(root string) error {
	for _, kind := range kinds {
		data, err := generate(filepath.Join(root, "api", "v1alpha1"), kind)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(root, fileOf(kind)), data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// generate returns the schema of a kind that follows from the Go files in dir.
func generate(dir, kind string) ([]byte, error) {
	types, err := parseTypes(dir)
	if err != nil {
		return nil, err
	}
	s, err := build(types, kind)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(s)
	return b.Bytes(), err
}
