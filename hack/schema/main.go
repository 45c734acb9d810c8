// Command schema writes manifests/schema/route.json, the JSON Schema of a
// Route, from the types of api/v1alpha1, their comments and their validate tags.
// Run it with `make generate` at the root of the repository; a test fails where
// the committed file is out of date.
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
)

func main() {
	if err := run("."); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

// run writes the schema of the repository at root.
func run(root string) error {
	data, err := generate(filepath.Join(root, "api", "v1alpha1"))
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, file), data, 0o644)
}

// file is where the schema goes.
const file = "manifests/schema/route.json"

// generate returns the schema that follows from the Go files in dir.
func generate(dir string) ([]byte, error) {
	types, err := parseTypes(dir)
	if err != nil {
		return nil, err
	}
	s, err := build(types, "Route")
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
