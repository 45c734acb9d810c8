package store

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"

	"fairlead.dev/fairlead/controller/source"
)

// emptyGrace is how long a file that held objects may be empty before that is
// taken for the removal of all of them: some editors empty it and then write.
const emptyGrace = time.Second

// file is a manifest file as it was last read.
type file struct {
	data []byte
	// records are its objects, in the order of the documents; those of before
	// where a document cannot be read. Generation and Created are not set.
	records []Record
	faults  []Fault
	// emptied is when it was first seen empty after it had held objects.
	emptied time.Time
}

// readInto reads the file at path, which the user knows as name. One that went
// away between the listing and the reading is not there.
func readInto(files map[string]file, name, path string, last file) error {
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && stat.IsDir() {
		return nil
	}
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		last.data, last.faults = nil, []Fault{{name, reason(err)}}
		files[name] = last
	case last.data != nil && bytes.Equal(data, last.data) && last.emptied.IsZero():
		files[name] = last
	default:
		files[name] = parse(name, data, stat.ModTime(), last)
	}
	return nil
}

// parse takes a file apart. Where a document does not say what object it is, it
// may be any of those that the file held before, so those that it does not hold
// otherwise stay.
func parse(name string, data []byte, written time.Time, last file) file {
	if len(bytes.TrimSpace(data)) == 0 && len(last.records) > 0 {
		if last.emptied.IsZero() {
			last.emptied = time.Now()
		}
		if time.Since(last.emptied) < emptyGrace {
			return last
		}
	}
	f := file{data: data}
	documents, _ := source.Decode(name, data) // every error is a document's
	for i, doc := range documents {
		if doc.Kind == "" || doc.Name == "" {
			f.faults = append(f.faults, faultsOf(name, doc)...)
			continue
		}
		f.records = append(f.records, Record{
			ID: fmt.Sprintf("%s#%d", name, i), Kind: doc.Kind, Namespace: doc.Namespace, Name: doc.Name,
			AppliedAt: written, AppliedBy: name, Data: doc.Raw, Source: fmt.Sprintf("%s:%d", name, doc.Line),
		})
	}
	if len(f.faults) > 0 {
		f.records = append(f.records, missingFrom(f.records, last.records)...)
	}
	return f
}

// faultsOf are the mistakes of a document that does not say what object it is.
func faultsOf(name string, doc source.Document) []Fault {
	if len(doc.Mistakes) == 0 {
		return []Fault{{fmt.Sprintf("%s:%d", name, doc.Line), "kind and metadata.name say which object it is, and are not there"}}
	}
	faults := make([]Fault, len(doc.Mistakes))
	for i, m := range doc.Mistakes {
		faults[i] = Fault{fmt.Sprintf("%s:%d", name, m.Line), m.Message}
	}
	return faults
}

// missingFrom are the records of before whose objects are not in now.
func missingFrom(now, before []Record) []Record {
	return slices.DeleteFunc(slices.Clone(before), func(r Record) bool {
		return slices.ContainsFunc(now, func(n Record) bool { return n.identity() == r.identity() })
	})
}
