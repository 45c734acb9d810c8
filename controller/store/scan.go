package store

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"

	"fairlead.dev/fairlead/controller/source"
)

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
