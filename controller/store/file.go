package store

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
	"unique"

	"fairlead.dev/fairlead/controller/source"
)

// emptyGrace is how long a file that held objects may be empty before that is
// taken for the removal of all of them: some editors empty it and then write.
const emptyGrace = time.Second

// racy is how old a file's time must have been when it was read for its time and
// size to say that it is unchanged: clocks of file systems tick slowly.
const racy = 2 * time.Second

// file is a manifest file as it was last read. It is replaced when that gives
// anything else.
type file struct {
	info fs.FileInfo
	read time.Time
	sum  [sha256.Size]byte
	// records are its objects, in the order of the documents; those of before
	// where a document cannot be read. They are nil once they have been taken in.
	records []*Record
	// held are the objects that are its own.
	held   []identity
	faults []Fault
	// emptied is when it was first seen empty after it had held objects.
	emptied time.Time
}

// unchanged says whether it need not be read again.
func (f *file) unchanged(now fs.FileInfo) bool {
	return os.SameFile(f.info, now) && f.info.Size() == now.Size() && f.info.ModTime().Equal(now.ModTime()) && f.read.Sub(now.ModTime()) > racy
}

// readInto reads the file at path, which the user knows as name, unless what was
// read of it last still holds and will do. One that went away between the listing
// and the reading is not there.
func (d *Directory) readInto(files map[string]*file, name, path string, whole bool) error {
	stat, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) || err == nil && stat.IsDir() {
		return nil
	}
	last := cmp.Or(d.files[name], &file{})
	holds := last.info != nil && last.emptied.IsZero() && (!whole || last.records != nil)
	if err == nil && holds && last.unchanged(stat) {
		files[name] = last
		return nil
	}
	now := time.Now()
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		files[name] = &file{records: d.recordsFrom(name), emptied: last.emptied, faults: []Fault{{name, reason(err)}}}
	case holds && sha256.Sum256(data) == last.sum:
		last.info, last.read = stat, now
		files[name] = last
	default:
		f := d.parse(name, data, stat.ModTime(), last)
		f.info, f.read, f.sum = stat, now, sha256.Sum256(data)
		files[name] = f
	}
	return nil
}

// recordsFrom are the records that the file of this name held last.
func (d *Directory) recordsFrom(name string) []*Record {
	if f := d.files[name]; f != nil && f.records != nil {
		return f.records
	}
	records := []*Record{}
	for _, r := range d.current {
		if r.AppliedBy == name {
			records = append(records, r)
		}
	}
	return records
}

// parse takes a file apart. Where a document does not say what object it is, it
// may be any of those that the file held before, so those that it does not hold
// otherwise stay.
func (d *Directory) parse(name string, data []byte, written time.Time, last *file) *file {
	if len(bytes.TrimSpace(data)) == 0 {
		emptied := last.emptied
		if emptied.IsZero() {
			emptied = time.Now()
		}
		if before := d.recordsFrom(name); len(before) > 0 && time.Since(emptied) < emptyGrace {
			return &file{records: before, faults: last.faults, emptied: emptied}
		}
	}
	documents := source.Identify(name, data)
	f := &file{records: make([]*Record, 0, len(documents))}
	for _, doc := range documents {
		if doc.Kind == "" || doc.Name == "" {
			f.faults = append(f.faults, faultsOf(name, doc)...)
			continue
		}
		place := fmt.Sprintf("%s:%d", name, doc.Line)
		f.records = append(f.records, &Record{
			ID: place, Kind: intern(doc.Kind), Namespace: doc.Namespace, Name: doc.Name,
			AppliedAt: written, AppliedBy: name, Data: bytes.Clone(doc.Raw), Source: place,
		})
	}
	if len(f.faults) > 0 {
		f.records = append(f.records, missingFrom(f.records, d.recordsFrom(name))...)
	}
	return f
}

// intern keeps one copy of a kind, of which there are few, for ten thousand objects.
func intern(kind string) string { return unique.Make(kind).Value() }

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
func missingFrom(now, before []*Record) []*Record {
	return slices.DeleteFunc(slices.Clone(before), func(r *Record) bool {
		return slices.ContainsFunc(now, func(n *Record) bool { return n.identity() == r.identity() })
	})
}
