package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

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

// watch watches the directory, those below, and the place where the directory
// itself appears or is swapped. What is gone ends its own watch.
func (d *Directory) watch(w *fsnotify.Watcher) {
	_ = w.Add(filepath.Dir(d.dir))
	root, err := filepath.EvalSymlinks(d.dir)
	if err != nil {
		return
	}
	_ = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			if path != root && isHidden(path) {
				return fs.SkipDir
			}
			_ = w.Add(path)
		}
		return nil
	})
}

func isHidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

func (d *Directory) scanFirst() {
	d.mu.Lock()
	scanned := d.scanned
	d.mu.Unlock()
	if !scanned {
		d.scan()
	}
}

// scan reads the directory and returns when to read it again.
func (d *Directory) scan() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	first := !d.scanned
	d.scanned = true

	files, fault := d.read()
	faults, again := []Fault(nil), rescanTime
	if fault != nil {
		faults = append(faults, *fault)
	} else {
		d.files = files
	}
	for _, path := range slices.Sorted(maps.Keys(d.files)) {
		faults = append(faults, d.files[path].faults...)
		if !d.files[path].emptied.IsZero() {
			again = emptyGrace
		}
	}
	moved, doubles := d.gather()
	faults = append(faults, doubles...)
	if faultsMoved := d.setFaults(faults); moved || faultsMoved || first {
		select {
		case d.changed <- struct{}{}:
		default: // a signal waits to be taken
		}
	}
	return again
}

// setFaults says whether they are others than before, and logs the new ones.
func (d *Directory) setFaults(faults []Fault) bool {
	if slices.Equal(faults, d.faults) {
		return false
	}
	for _, f := range faults {
		if !slices.Contains(d.faults, f) {
			d.logger.Warn("manifest not taken", "source", f.Source, "error", f.Message)
		}
	}
	d.faults = faults
	return true
}

// read reads every file. A directory that cannot be read whole is a fault.
func (d *Directory) read() (map[string]file, *Fault) {
	root, err := filepath.EvalSymlinks(d.dir)
	if err != nil {
		return nil, &Fault{d.dir, reason(err)}
	}
	files := map[string]file{}
	err = filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && isHidden(path):
			if e.IsDir() {
				return fs.SkipDir
			}
		case !e.IsDir() && source.IsManifest(path):
			name := filepath.Join(d.dir, strings.TrimPrefix(path, root))
			return readInto(files, name, path, d.files[name])
		}
		return nil
	})
	if err != nil {
		return nil, &Fault{d.dir, reason(err)}
	}
	return files, nil
}

// reason is an error without the path that stands beside it anyway.
func reason(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err.Error()
	}
	return err.Error()
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

// gather makes the objects of the files' records, counts generations, and says
// whether anything is other than before. An object that stands in two places is
// that of the first, in the order of paths and lines.
func (d *Directory) gather() (moved bool, doubles []Fault) {
	taken := map[identity]string{}
	for _, path := range slices.Sorted(maps.Keys(d.files)) {
		for _, r := range d.files[path].records {
			id := r.identity()
			if first, ok := taken[id]; ok {
				doubles = append(doubles, Fault{r.Source, fmt.Sprintf("%s %s stands in %s already, which counts", r.Kind, r.Key(), first)})
				continue
			}
			taken[id] = r.Source
			moved = d.take(r) || moved
		}
	}
	current := slices.SortedFunc(maps.Keys(taken), identity.compare)
	moved = moved || !slices.Equal(current, d.current)
	for id := range d.objects {
		if _, ok := taken[id]; !ok {
			delete(d.objects, id)
		}
	}
	d.current = current
	return moved, doubles
}

// take counts a record as a new generation unless it is the newest already. It
// says whether anything changed.
func (d *Directory) take(r Record) bool {
	id := r.identity()
	g := d.objects[id]
	if len(g) > 0 {
		newest := g.newest()
		if bytes.Equal(newest.Data, r.Data) {
			moved := newest.Source != r.Source
			newest.ID, newest.Source, newest.AppliedBy = r.ID, r.Source, r.AppliedBy
			d.objects[id] = append(slices.Clone(g[:len(g)-1]), newest)
			return moved
		}
		r.Created, r.Status = newest.Created, newest.Status
	}
	d.counted[id]++
	r.Generation = d.counted[id]
	r.Created = cmp.Or(r.Created, r.AppliedAt)
	d.objects[id] = append(slices.Clone(g[max(0, len(g)+1-DefaultHistory):]), r)
	return true
}
