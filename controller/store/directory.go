package store

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"

	"fairlead.dev/fairlead/api/v1alpha1"
)

const (
	// quietTime passes after the last of several changes before the directory is
	// read, and settleTime after the first at the latest: an editor writes in
	// several steps, and a busy writer must not put the reading off for ever.
	quietTime  = 2 * time.Millisecond
	settleTime = 50 * time.Millisecond
	// rescanTime is how often it is read without a change that was noticed, as on
	// file systems that tell nothing.
	rescanTime = 10 * time.Second
)

// Directory keeps objects in the manifests of a directory and below, as a person
// or a tool writes them there; it never writes itself. Statuses and generations
// are counted in memory.
//
// What cannot be read is no removal: a file that is half written, or a directory
// that is gone for a moment because a symlink is swapped, leaves what was there
// last, and a Fault tells of it.
type Directory struct {
	dir    string
	logger *slog.Logger
	// changed holds one signal at most.
	changed chan struct{}

	mu      sync.Mutex // guards following
	scanned bool
	// files are what was last read, by path.
	files map[string]*file
	// current are the objects that the files hold now, sorted. Records are replaced,
	// not edited, and once the list was given away, so is it.
	current []*Record
	given   bool
	// history are earlier generations of those that have any, oldest first.
	history map[identity][]Record
	// gone has the last generation of objects that are there no more.
	gone    map[identity]int64
	doubles []Fault
	faults  []Fault
}

// Fault is why a file, or the directory, does not count as it stands.
type Fault struct {
	// Source is "FILE:LINE", or the directory.
	Source  string
	Message string
}

// String is the source and the message.
func (f Fault) String() string { return f.Source + ": " + f.Message }

// NewDirectory returns a store on a directory, which may appear later. Without
// Run, it is read once.
func NewDirectory(dir string, logger *slog.Logger) *Directory {
	return &Directory{
		dir: filepath.Clean(dir), logger: cmp.Or(logger, slog.New(slog.DiscardHandler)),
		changed: make(chan struct{}, 1),
		files:   map[string]*file{}, history: map[identity][]Record{}, gone: map[identity]int64{},
	}
}

// Changed has a signal when List or Faults may say something else than before.
func (d *Directory) Changed() <-chan struct{} { return d.changed }

// Run reads the directory whenever something changes there, until ctx ends.
func (d *Directory) Run(ctx context.Context) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return fmt.Errorf("watch %s: %w", d.dir, err)
	}
	defer w.Close()
	timer := time.NewTimer(0)
	defer timer.Stop()
	var latest time.Time // when the directory is read even where more comes
	settle := func() {
		if latest.IsZero() {
			latest = time.Now().Add(settleTime)
		}
		timer.Reset(min(quietTime, time.Until(latest)))
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
			latest = time.Time{}
			d.watch(w)
			timer.Reset(d.scan())
		case e := <-w.Events:
			if d.concerns(e.Name) {
				settle()
			}
		case err := <-w.Errors:
			d.logger.Debug("watch lost events", "directory", d.dir, "error", err)
			settle()
		}
	}
}

// concerns leaves out what happens beside the directory, where it is watched for
// its own appearance.
func (d *Directory) concerns(path string) bool {
	path = filepath.Clean(path)
	return path == d.dir || filepath.Dir(path) != filepath.Dir(d.dir)
}

// List returns every object, sorted by kind, namespace and name. The caller does
// not edit the list, and an unchanged list is the same slice.
func (d *Directory) List(context.Context) ([]*Record, error) {
	d.scanFirst()
	d.mu.Lock()
	defer d.mu.Unlock()
	d.given = true
	return d.current, nil
}

// Faults returns what is wrong with the files, sorted by source.
func (d *Directory) Faults() []Fault {
	d.scanFirst()
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.faults)
}

// History returns the generations that were seen of an object, newest first.
func (d *Directory) History(_ context.Context, kind, key string) ([]Record, error) {
	d.scanFirst()
	d.mu.Lock()
	defer d.mu.Unlock()
	id := identityOf(kind, key)
	newest := d.find(id)
	if newest == nil {
		return nil, fmt.Errorf("%s %s: %w", kind, key, ErrNotFound)
	}
	history := append(slices.Clone(d.history[id]), *newest)
	slices.Reverse(history)
	return history, nil
}

// Put fails with ErrReadOnly.
func (d *Directory) Put(_ context.Context, m Manifest) (Record, error) {
	return Record{}, fmt.Errorf("put %s: %s is written by whoever owns it: %w", m, d.dir, ErrReadOnly)
}

// Delete fails with ErrReadOnly.
func (d *Directory) Delete(_ context.Context, kind, key string) error {
	return fmt.Errorf("delete %s %s: %s is written by whoever owns it: %w", kind, key, d.dir, ErrReadOnly)
}

// WriteStatus keeps the status of a record as List returned it, in memory.
func (d *Directory) WriteStatus(_ context.Context, r *Record, s v1alpha1.Status) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	at, found := search(d.current, r.identity())
	switch {
	case !found:
		return fmt.Errorf("write status of %s %s: %w", r.Kind, r.Key(), ErrNotFound)
	case d.current[at].Generation != r.Generation:
		return fmt.Errorf("write status of %s %s: %w", r.Kind, r.Key(), ErrConflict)
	case d.given:
		d.current, d.given = slices.Clone(d.current), false
	}
	newest := *d.current[at]
	newest.Status = &s
	d.current[at] = &newest
	return nil
}

// Prune forgets all but the newest keep generations; 0 means DefaultHistory.
func (d *Directory) Prune(_ context.Context, keep int) error {
	keep = max(1, cmp.Or(keep, DefaultHistory))
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, earlier := range d.history {
		d.history[id] = earlier[max(0, len(earlier)+1-keep):]
	}
	return nil
}
