package store

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// refresh brings the objects up to date with the files that changed, and says
// whether anything is other than before. Objects of other files stay as they are,
// so that one more file beside ten thousand objects costs little.
//
// An object that stands in two places is that of the first, in the order of
// paths and lines. While there is one, the records of all files are at hand.
func (d *Directory) refresh() (moved bool, fault *Fault) {
	for whole := len(d.doubles) > 0; ; whole = true {
		files, fault := d.read(whole)
		if fault != nil {
			return false, fault
		}
		changed := others(d.files, files)
		if len(changed) > 0 && whole {
			changed = others(nil, files)
			maps.Copy(changed, others(d.files, nil))
		}
		fresh, doubles := once(recordsOf(files, changed))
		if !whole && d.standElsewhere(fresh, changed) {
			continue
		}
		gone := d.goneFrom(changed, fresh)
		if d.files = files; len(changed) == 0 {
			return false, nil
		}
		d.doubles = doubles
		d.hold(changed, fresh)
		moved = d.gather(fresh, gone)
		if len(doubles) == 0 {
			for _, f := range files {
				f.records = nil
			}
		}
		return moved, nil
	}
}

// others are the paths of what is not the same in both.
func others(last, next map[string]*file) map[string]bool {
	paths := map[string]bool{}
	for path, f := range next {
		if last[path] != f {
			paths[path] = true
		}
	}
	for path := range last {
		if next[path] == nil {
			paths[path] = true
		}
	}
	return paths
}

// recordsOf are the records of some files, sorted by object and then by path and
// line.
func recordsOf(files map[string]*file, paths map[string]bool) []*Record {
	var records []*Record
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if f := files[path]; f != nil {
			records = append(records, f.records...)
		}
	}
	slices.SortStableFunc(records, compareRecords)
	return records
}

// goneFrom are the objects that files which changed held before and that are not
// in fresh, sorted.
func (d *Directory) goneFrom(changed map[string]bool, fresh []*Record) []*Record {
	var gone []*Record
	for path := range changed {
		if d.files[path] == nil {
			continue
		}
		for _, id := range d.files[path].held {
			if _, still := search(fresh, id); still {
				continue
			}
			if now := d.find(id); now != nil && now.AppliedBy == path {
				gone = append(gone, now)
			}
		}
	}
	slices.SortFunc(gone, compareRecords)
	return gone
}

// gather puts the records of the files that changed, each object's once, in the
// place of those of before, takes away what is gone, and counts generations. It
// looks at no other record: reading ten thousand takes long.
func (d *Directory) gather(fresh, gone []*Record) (moved bool) {
	next, rest := make([]*Record, 0, len(d.current)+len(fresh)), d.current
	upTo := func(r *Record) (old *Record) {
		at, found := search(rest, r.identity())
		next, rest = append(next, rest[:at]...), rest[at:]
		if found {
			old, rest = rest[0], rest[1:]
		}
		return old
	}
	moved = len(gone) > 0
	for len(fresh)+len(gone) > 0 {
		if len(fresh) == 0 || len(gone) > 0 && compareRecords(gone[0], fresh[0]) < 0 {
			d.end(upTo(gone[0]))
			gone = gone[1:]
			continue
		}
		old, r := upTo(fresh[0]), fresh[0]
		fresh = fresh[1:]
		if old == nil {
			next, moved = append(next, d.begin(*r)), true
			continue
		}
		now := d.goOn(old, *r)
		moved = moved || now.Generation != old.Generation || now.Source != old.Source
		next = append(next, now)
	}
	next = append(next, rest...)
	d.current, d.given = next, false
	return moved
}

// hold notes what files that changed hold now.
func (d *Directory) hold(changed map[string]bool, fresh []*Record) {
	for path := range changed {
		if f := d.files[path]; f != nil {
			f.held = make([]identity, 0, len(f.records))
		}
	}
	for _, r := range fresh {
		f := d.files[r.AppliedBy]
		f.held = append(f.held, r.identity())
	}
}

// once leaves the first record of each object.
func once(records []*Record) (first []*Record, doubles []Fault) {
	first = records[:0]
	for _, r := range records {
		if n := len(first); n > 0 && compareRecords(first[n-1], r) == 0 {
			doubles = append(doubles, Fault{r.Source, fmt.Sprintf("%s %s stands in %s already, which counts", r.Kind, r.Key(), first[n-1].Source)})
			continue
		}
		first = append(first, r)
	}
	return first, doubles
}

// standElsewhere says whether one of the records is of an object that stands in
// a file that did not change.
func (d *Directory) standElsewhere(records []*Record, changed map[string]bool) bool {
	return slices.ContainsFunc(records, func(r *Record) bool {
		old := d.find(r.identity())
		return old != nil && !changed[old.AppliedBy]
	})
}

// begin is the first generation of a new object, or the next one of an object
// that was there before.
func (d *Directory) begin(r Record) *Record {
	r.Generation, r.Created = d.gone[r.identity()]+1, r.AppliedAt
	delete(d.gone, r.identity())
	return &r
}

// goOn is what follows old: the next generation, unless it is the same still.
func (d *Directory) goOn(old *Record, r Record) *Record {
	if bytes.Equal(old.Data, r.Data) {
		next := *old
		next.ID, next.Source, next.AppliedBy, next.Data = r.ID, r.Source, r.AppliedBy, r.Data
		return &next
	}
	id := r.identity()
	earlier := d.history[id]
	d.history[id] = append(slices.Clone(earlier[max(0, len(earlier)+2-DefaultHistory):]), *old)
	r.Generation, r.Created, r.Status = old.Generation+1, old.Created, old.Status
	return &r
}

// end forgets an object, but for its last generation's number.
func (d *Directory) end(r *Record) {
	d.gone[r.identity()] = r.Generation
	delete(d.history, r.identity())
}

// find returns the record of an object as it is now, or nil.
func (d *Directory) find(id identity) *Record {
	at, ok := search(d.current, id)
	if !ok {
		return nil
	}
	return d.current[at]
}

// search is where an object stands among sorted records.
func search(records []*Record, id identity) (at int, found bool) {
	return slices.BinarySearchFunc(records, id, func(r *Record, id identity) int { return r.identity().compare(id) })
}

// compareRecords orders by object. Mostly only the names differ.
func compareRecords(a, b *Record) int {
	if a.Kind == b.Kind && a.Namespace == b.Namespace {
		return strings.Compare(a.Name, b.Name)
	}
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Namespace, b.Namespace))
}
