package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"

	"fairlead.dev/fairlead/manifests"
)

// builder turns types into definitions, each once.
type builder struct {
	types       map[string]goType
	definitions map[string]*manifests.Schema
}

// build returns the schema of the struct of that name, with all that it needs.
func build(types map[string]goType, name string) (*manifests.Schema, error) {
	b := &builder{types, map[string]*manifests.Schema{}}
	s, err := b.object(types[name])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.Schema = "http://json-schema.org/draft-07/schema#"
	s.Title = name
	s.Definitions = b.definitions
	s.Properties.Get("kind").Const = name
	return s, nil
}

// object is the schema of a struct.
func (b *builder) object(t goType) (*manifests.Schema, error) {
	s := &manifests.Schema{Description: t.doc, Type: "object", AdditionalProperties: &manifests.Additional{}}
	for _, f := range t.fields {
		if err := b.addField(s, f); err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
	}
	return s, nil
}

func (b *builder) addField(s *manifests.Schema, f goField) error {
	if f.inline {
		inlined, err := b.object(b.types[f.of.(*ast.Ident).Name])
		if err == nil {
			s.Properties = append(s.Properties, inlined.Properties...)
			s.Required = append(s.Required, inlined.Required...)
		}
		return err
	}
	fs, err := b.of(f.of)
	if err != nil {
		return err
	}
	own, items, _ := strings.Cut(f.validate, "dive")
	constrain(fs, own)
	if fs.Items != nil {
		constrain(fs.Items, items)
	}
	fs.Description = f.doc
	fs.ReadOnly = strings.HasSuffix(f.doc, "Read-only.")
	if b.required(f) {
		s.Required = append(s.Required, f.name)
	}
	s.Properties = append(s.Properties, manifests.Property{Name: f.name, Schema: fs})
	return nil
}

// required says whether f must stand in a manifest: its tag says so, or it is an
// object that is no pointer.
func (b *builder) required(f goField) bool {
	if slices.Contains(strings.Split(f.validate, ","), "required") {
		return true
	}
	id, ok := f.of.(*ast.Ident)
	return ok && !f.omitempty && b.types[id.Name].fields != nil
}

// duration is the pattern of v1alpha1.Duration (GEP-2257).
const duration = `^([0-9]{1,5}(h|m|s|ms)){1,4}$`

// of is the schema of a type expression.
func (b *builder) of(e ast.Expr) (*manifests.Schema, error) {
	switch e := e.(type) {
	case *ast.StarExpr:
		return b.of(e.X)
	case *ast.ArrayType:
		items, err := b.of(e.Elt)
		return &manifests.Schema{Type: "array", Items: items}, err
	case *ast.MapType:
		values, err := b.of(e.Value)
		return &manifests.Schema{Type: "object", AdditionalProperties: &manifests.Additional{Schema: values}}, err
	case *ast.SelectorExpr:
		return &manifests.Schema{Type: "string", Format: "date-time"}, nil
	case *ast.Ident:
		return b.named(e.Name)
	}
	return nil, fmt.Errorf("a type that this generator does not know: %T", e)
}

func (b *builder) named(name string) (*manifests.Schema, error) {
	switch name {
	case "string":
		return &manifests.Schema{Type: "string"}, nil
	case "bool":
		return &manifests.Schema{Type: "boolean"}, nil
	case "int", "int64":
		return &manifests.Schema{Type: "integer"}, nil
	case "Duration":
		return &manifests.Schema{Type: "string", Pattern: duration}, nil
	}
	t, ok := b.types[name]
	if !ok {
		return nil, fmt.Errorf("there is no type %s", name)
	}
	if t.fields == nil {
		return b.of(t.of)
	}
	return &manifests.Schema{Ref: "#/definitions/" + name}, b.define(name, t)
}

// define adds a definition. A type may hold itself, so the name is taken first.
func (b *builder) define(name string, t goType) error {
	if _, ok := b.definitions[name]; ok {
		return nil
	}
	s := &manifests.Schema{}
	b.definitions[name] = s
	built, err := b.object(t)
	if err == nil {
		*s = *built
	}
	return err
}
