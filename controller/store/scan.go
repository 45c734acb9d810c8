package store

import (
	"errors"
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

	moved, fault := d.refresh()
	faults, again := []Fault(nil), rescanTime
	if fault != nil {
		faults = append(faults, *fault)
	}
	for _, path := range slices.Sorted(maps.Keys(d.files)) {
		faults = append(faults, d.files[path].faults...)
		if !d.files[path].emptied.IsZero() {
			again = emptyGrace
		}
	}
	faults = append(faults, d.doubles...)
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

// read reads every file; whole means that all records are wanted, not only those
// of files that changed. A directory that cannot be read is a fault.
func (d *Directory) read(whole bool) (map[string]*file, *Fault) {
	root, err := filepath.EvalSymlinks(d.dir)
	if err != nil {
		return nil, &Fault{d.dir, reason(err)}
	}
	files := make(map[string]*file, len(d.files))
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
			return d.readInto(files, name, path, whole)
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
