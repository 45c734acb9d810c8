package store

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// gather brings the objects up to date with the files that changed, counts
// generations, and says whether anything is other than before. Objects of other
// files stay as they are, so that one more file beside ten thousand objects
// costs little. An object that stands in two places is that of the first, in the
// order of paths and lines; while there is one, all files count as changed.
func (d *Directory) gather(changed map[string]bool) (moved bool) {
	fresh, doubles := once(d.recordsOf(changed))
	if len(d.doubles) > 0 || d.standElsewhere(fresh, changed) {
		changed = others(nil, d.files)
		for i := range d.current {
			changed[d.current[i].AppliedBy] = true
		}
		fresh, doubles = once(d.recordsOf(changed))
	}
	d.doubles = doubles
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

// recordsOf are the records of files, sorted by object and then by path and line.
func (d *Directory) recordsOf(paths map[string]bool) []*Record {
	var records []*Record
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if f := d.files[path]; f != nil {
			for i := range f.records {
				records = append(records, &f.records[i])
			}
		}
	}
	slices.SortStableFunc(records, compareRecords)
	return records
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
