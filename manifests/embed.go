// Package manifests is what people start from: examples, each of which a test
// decodes and validates, and the JSON Schema of a manifest, for editors and for
// `fairlead explain`. The schema is generated from the types and comments of
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

//go:embed schema/route.json
var routeSchema []byte

// RouteSchema is the schema of a Route. It is shared: read it only.
var RouteSchema = sync.OnceValue(func() *Schema {
	var s Schema
	if err := json.Unmarshal(routeSchema, &s); err != nil {
		panic("manifests: the embedded schema: " + err.Error())
	}
	return &s
})
