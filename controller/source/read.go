package source

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxFile is how long one file may be, in bytes, with all its documents.
const maxFile = 64 << 20

// Read decodes the files at paths, in their order: a directory stands for every
// *.yaml, *.yml and *.json file in it and below, but for hidden ones; "-" is
// stdin. It returns every document that it could find, and as the error all
// that is wrong: what cannot be read, does not decode, or stands there twice.
func Read(paths []string, stdin io.Reader) ([]Document, error) {
	var documents []Document
	var errs []error
	for _, path := range paths {
		d, err := readPath(path, stdin)
		documents = append(documents, d...)
		errs = append(errs, err)
	}
	errs = append(errs, twice(documents).err())
	return documents, errors.Join(errs...)
}

func readPath(path string, stdin io.Reader) ([]Document, error) {
	if path == "-" {
		return readFrom("stdin", stdin)
	}
	files, err := Files(path)
	if err != nil {
		return nil, err
	}
	var documents []Document
	var errs []error
	for _, file := range files {
		d, err := readFile(file)
		documents = append(documents, d...)
		errs = append(errs, err)
	}
	return documents, errors.Join(errs...)
}

// Files are the manifests that path stands for, in the order of their names.
func Files(path string) ([]string, error) {
	if stat, err := os.Stat(path); err != nil || !stat.IsDir() {
		return []string{path}, err
	}
	var files []string
	err := filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case file != path && strings.HasPrefix(entry.Name(), "."):
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir() && IsManifest(file):
			files = append(files, file)
		}
		return nil
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no *.yaml, *.yml or *.json file in this directory", path)
	}
	return files, err
}

// IsManifest says whether a file in a directory is taken for a manifest.
func IsManifest(file string) bool {
	return slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file))
}

func readFile(path string) ([]Document, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readFrom(path, f)
}

func readFrom(name string, r io.Reader) ([]Document, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: is longer than %d MB", name, maxFile>>20)
	}
	return Decode(name, data)
}

// twice finds objects that are there more than once.
func twice(documents []Document) Mistakes {
	var out Mistakes
	seen := map[string]*Document{}
	for i := range documents {
		d := &documents[i]
		if d.Name == "" {
			continue
		}
		id := d.Kind + " " + d.Key()
		if first, ok := seen[id]; ok {
			out = append(out, Mistake{Source: d.Source, Line: d.Line, Path: "metadata.name", Message: fmt.Sprintf("%s stands there twice, first at %s:%d", id, first.Source, first.Line)})
			continue
		}
		seen[id] = d
	}
	return out
}
