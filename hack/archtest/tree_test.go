package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "fairlead.dev/fairlead"

// root is the module's folder, seen from this package.
const root = "../.."

// source is one parsed Go file.
type source struct {
	// name is the path from the root, dir its folder: "controller/store".
	name, dir string
	test      bool
	*ast.File
}

// imports are the paths that the file imports.
func (s source) imports() []string {
	var all []string
	for _, i := range s.Imports {
		if p, err := strconv.Unquote(i.Path.Value); err == nil {
			all = append(all, p)
		}
	}
	return all
}

// ours is an import path as a folder from the root, if it is one of ours.
func ours(importPath string) (dir string, ok bool) {
	return strings.CutPrefix(importPath, module+"/")
}

// within says whether dir is one of the folders or below.
func within(dir string, folders ...string) bool {
	for _, f := range folders {
		if dir == f || strings.HasPrefix(dir, f+"/") {
			return true
		}
	}
	return false
}

// parse parses every Go file of the module. Modules within it and test data are
// not part of it.
func parse(t *testing.T) []source {
	t.Helper()
	var files []source
	err := filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if e.IsDir() {
			return skip(name, rel)
		}
		if path.Ext(rel) != ".go" {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
		files = append(files, source{rel, path.Dir(rel), strings.HasSuffix(rel, "_test.go"), f})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d Go files were found", len(files))
	}
	return files
}

func skip(name, rel string) error {
	base := path.Base(rel)
	if base == "testdata" || base == "bin" || rel != "." && strings.HasPrefix(base, ".") {
		return fs.SkipDir
	}
	if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && rel != "." {
		return fs.SkipDir
	}
	return nil
}
