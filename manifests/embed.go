// Package manifests is what people start from: examples, each of which a test
// decodes and validates, and the JSON Schemas of the kinds, for editors and for
// `fairlead explain`. The schemas are generated from the types and comments of
// api/v1alpha1 by hack/schema (make generate) and never edited.
package manifests

import (
	"embed"
	"encoding/json"
	"sync"
)

// Examples holds examples/*.yaml.
//
//go:embed examples/*.yaml
var Examples embed.FS

//go:embed schema/*.json
var schemas embed.FS

// SchemaOf is the schema of a kind, nil where it has none. It is shared: read it
// only.
func SchemaOf(kind string) *Schema { return parsed()[kind] }

// parsed are the schemas by kind.
var parsed = sync.OnceValue(func() map[string]*Schema {
	files, err := schemas.ReadDir("schema")
	byKind := map[string]*Schema{}
	for _, file := range files {
		var data []byte
		if data, err = schemas.ReadFile("schema/" + file.Name()); err != nil {
			break
		}
		s := &Schema{}
		if err = json.Unmarshal(data, s); err != nil {
			break
		}
		byKind[s.Title] = s
	}
	if err != nil {
		panic("manifests: the embedded schemas: " + err.Error())
	}
	return byKind
})
