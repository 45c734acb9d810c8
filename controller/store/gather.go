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
		if d.files = files; len(changed) == 0 {
			return false, nil
		}
		d.doubles = doubles
		moved = d.gather(fresh, changed)
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
			for i := range f.records {
				records = append(records, &f.records[i])
			}
		}
	}
	slices.SortStableFunc(records, compareRecords)
	return records
}

// gather puts the records of the files that changed, each object's once, in the
// place of those of before, and counts generations.
func (d *Directory) gather(fresh []*Record, changed map[string]bool) (moved bool) {
	next := make([]Record, 0, len(d.current)+len(fresh))
	for i := range d.current {
		old := &d.current[i]
		for len(fresh) > 0 && compareRecords(fresh[0], old) < 0 {
			next, fresh, moved = append(next, d.begin(*fresh[0])), fresh[1:], true
		}
		switch {
		case len(fresh) > 0 && compareRecords(fresh[0], old) == 0:
			r := d.goOn(old, *fresh[0])
			moved = moved || r.Generation != old.Generation || r.Source != old.Source
			next, fresh = append(next, r), fresh[1:]
		case changed[old.AppliedBy]:
			d.end(old)
			moved = true
		default:
			next = append(next, *old)
		}
	}
	for _, r := range fresh {
		next, moved = append(next, d.begin(*r)), true
	}
	d.current, d.given = next, false
	return moved
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
func (d *Directory) begin(r Record) Record {
	r.Generation, r.Created = d.gone[r.identity()]+1, r.AppliedAt
	delete(d.gone, r.identity())
	return r
}

// goOn is what follows old: the next generation, unless it is the same still.
func (d *Directory) goOn(old *Record, r Record) Record {
	if bytes.Equal(old.Data, r.Data) {
		next := *old
		next.ID, next.Source, next.AppliedBy, next.Data = r.ID, r.Source, r.AppliedBy, r.Data
		return next
	}
	id := r.identity()
	earlier := d.history[id]
	d.history[id] = append(slices.Clone(earlier[max(0, len(earlier)+2-DefaultHistory):]), *old)
	r.Generation, r.Created, r.Status = old.Generation+1, old.Created, old.Status
	return r
}

// end forgets an object, but for its last generation's number.
func (d *Directory) end(r *Record) {
	d.gone[r.identity()] = r.Generation
	delete(d.history, r.identity())
}

// find returns the record of an object as it is now, or nil.
func (d *Directory) find(id identity) *Record {
	at, ok := slices.BinarySearchFunc(d.current, id, func(r Record, id identity) int { return r.identity().compare(id) })
	if !ok {
		return nil
	}
	return &d.current[at]
}

// compareRecords orders by object. Mostly only the names differ.
func compareRecords(a, b *Record) int {
	if a.Kind == b.Kind && a.Namespace == b.Namespace {
		return strings.Compare(a.Name, b.Name)
	}
	return cmp.Or(strings.Compare(a.Kind, b.Kind), strings.Compare(a.Namespace, b.Namespace))
}
