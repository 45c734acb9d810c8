package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
)

// goType is a type declaration.
type goType struct {
	doc    string
	fields []goField // of a struct; not nil there
	of     ast.Expr  // what any other type is made of
}

// goField is a field of a struct as it stands in a manifest.
type goField struct {
	name      string // in the manifest
	doc       string
	of        ast.Expr
	inline    bool
	omitempty bool
	validate  string
}

// parseTypes reads the type declarations of the package in dir.
func parseTypes(dir string) (map[string]goType, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	types := map[string]goType{}
	for _, file := range files {
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, d := range f.Decls {
			if d, ok := d.(*ast.GenDecl); ok && d.Tok == token.TYPE {
				addTypes(types, d)
			}
		}
	}
	if len(types) == 0 {
		return nil, fmt.Errorf("no types in %s", dir)
	}
	return types, nil
}

func addTypes(types map[string]goType, d *ast.GenDecl) {
	for _, s := range d.Specs {
		s := s.(*ast.TypeSpec)
		doc := s.Doc
		if doc == nil {
			doc = d.Doc
		}
		t := goType{doc: sentence(doc), of: s.Type}
		if st, ok := s.Type.(*ast.StructType); ok {
			t.fields = fieldsOf(st)
		}
		types[s.Name.Name] = t
	}
}

func fieldsOf(s *ast.StructType) []goField {
	fields := []goField{}
	for _, f := range s.Fields.List {
		if f.Tag == nil {
			continue
		}
		tag := reflect.StructTag(strings.Trim(f.Tag.Value, "`"))
		name, options, _ := strings.Cut(tag.Get("json"), ",")
		fields = append(fields, goField{
			name:      name,
			doc:       sentence(f.Doc),
			of:        f.Type,
			inline:    strings.Contains(options, "inline"),
			omitempty: strings.Contains(options, "omitempty"),
			validate:  tag.Get("validate"),
		})
	}
	return fields
}

// sentence is a comment on one line.
func sentence(doc *ast.CommentGroup) string {
	return strings.Join(strings.Fields(doc.Text()), " ")
}
