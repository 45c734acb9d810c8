package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/labels"
	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/controller/store"
	"fairlead.dev/fairlead/reconcile/plan"
)

// objectStore is what the loop needs of a store.
type objectStore interface {
	// List is sorted by kind, namespace and name. It is not edited, so that the
	// same slice is the same list.
	List(ctx context.Context) ([]*store.Record, error)
	History(ctx context.Context, kind, key string) ([]store.Record, error)
	WriteStatus(ctx context.Context, r *store.Record, s v1alpha1.Status) error
}

// objects decodes what a store holds. A generation is immutable, so each is
// decoded once.
type objects struct {
	store objectStore

	mu      sync.Mutex // guards following, which are replaced together
	listed  []*store.Record
	records []*store.Record // the Routes among listed
	last    []*plan.Object  // one for each of records
	// issuerRecords are the Issuers among listed, issuers one for each; likewise the
	// Certificates.
	issuerRecords      []*store.Record
	issuers            []plan.IssuerObject
	certificateRecords []*store.Record
	certificates       []plan.CertificateObject
}

// Objects returns every Route of the store. While nothing changes there it is
// the same slice.
func (o *objects) Objects(ctx context.Context) ([]*plan.Object, error) {
	listed, err := o.store.List(ctx)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	known, records, last := o.listed, o.records, o.last
	o.mu.Unlock()
	if isSame(listed, known) {
		return last, nil
	}
	now := ofKind(listed, v1alpha1.KindRoute)
	out := make([]*plan.Object, len(now))
	for i, r := range now {
		for len(records) > 0 && records[0] != r && compareKeys(records[0], r) < 0 {
			records, last = records[1:], last[1:]
		}
		switch {
		case len(records) > 0 && records[0] == r:
			out[i] = last[0]
			records, last = records[1:], last[1:]
		case len(records) > 0 && isDecoded(records[0], last[0], r):
			out[i] = again(last[0], r)
		default:
			if out[i], err = o.decode(ctx, r); err != nil {
				return nil, err
			}
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.listed, o.records, o.last = listed, now, out
	o.decodeIssuers(listed)
	o.decodeCertificates(listed)
	return out, nil
}

// Issuers returns every Issuer of the store as it was when Objects was called.
// While nothing changes there it is the same slice.
func (o *objects) Issuers() []plan.IssuerObject {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.issuers
}

// decodeIssuers decodes those among listed.
func (o *objects) decodeIssuers(listed []*store.Record) {
	records := ofKind(listed, v1alpha1.KindIssuer)
	issuers := make([]plan.IssuerObject, len(records))
	for i, r := range records {
		issuers[i] = plan.IssuerObject{Key: r.Key(), Generation: r.Generation, Status: r.Status}
		issuers[i].Issuer, issuers[i].Problems = source.DecodeIssuer(r.Source, r.Data)
		if issuers[i].Issuer != nil {
			issuers[i].Issuer.Metadata.Namespace = r.Namespace
		}
	}
	o.issuerRecords, o.issuers = records, issuers
}

// Certificates returns every Certificate of the store, as Issuers does.
func (o *objects) Certificates() []plan.CertificateObject {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.certificates
}

// decodeCertificates decodes those among listed.
func (o *objects) decodeCertificates(listed []*store.Record) {
	records := ofKind(listed, v1alpha1.KindCertificate)
	certificates := make([]plan.CertificateObject, len(records))
	for i, r := range records {
		certificates[i] = plan.CertificateObject{Key: r.Key(), Generation: r.Generation, Status: r.Status}
		certificates[i].Certificate, certificates[i].Problems = source.DecodeCertificate(r.Source, r.Data)
		if certificates[i].Certificate != nil {
			certificates[i].Certificate.Metadata.Namespace = r.Namespace
		}
	}
	o.certificateRecords, o.certificates = records, certificates
}

// isSame says whether two lists are one.
func isSame(a, b []*store.Record) bool {
	return len(a) == len(b) && len(a) > 0 && &a[0] == &b[0]
}

// ofKind are the records of one kind in a list, which is sorted by kind. It looks
// at few of them: reading ten thousand takes long.
func ofKind(list []*store.Record, kind string) []*store.Record {
	from, _ := slices.BinarySearchFunc(list, kind, compareKind)
	n, _ := slices.BinarySearchFunc(list[from:], kind+"\x00", compareKind)
	return list[from : from+n]
}

func compareKind(r *store.Record, kind string) int { return strings.Compare(r.Kind, kind) }

// isDecoded says whether object, which was made of a record, is that of r too.
// Problems name the place of the manifest.
func isDecoded(of *store.Record, object *plan.Object, r *store.Record) bool {
	return compareKeys(of, r) == 0 && of.Generation == r.Generation && of.Origin == r.Origin && bytes.Equal(of.Data, r.Data) &&
		(len(object.Problems) == 0 || of.Source == r.Source)
}

// compareKeys orders Routes as a store lists them.
func compareKeys(a, b *store.Record) int {
	if a.Namespace == b.Namespace {
		return strings.Compare(a.Name, b.Name)
	}
	return strings.Compare(a.Namespace, b.Namespace)
}

// again is the object of a record that is decoded already: of the same
// generation as before.
func again(before *plan.Object, r *store.Record) *plan.Object {
	if before.Created.Equal(r.Created) && before.Status == r.Status {
		return before
	}
	o := *before
	o.Created, o.Status = r.Created, r.Status
	return &o
}

func (o *objects) decode(ctx context.Context, r *store.Record) (*plan.Object, error) {
	object := labels.Decode(r)
	if object.Route != nil {
		return object, nil
	}
	history, err := o.store.History(ctx, r.Kind, r.Key())
	if err != nil {
		return nil, err
	}
	object.LastGood = newestGood(history, r.Generation)
	return object, nil
}

// newestGood is the newest generation before the given one that decodes, or nil.
func newestGood(history []store.Record, before int64) *plan.Object {
	var best *plan.Object
	for i := range history {
		r := &history[i]
		if r.Generation >= before || best != nil && r.Generation < best.Generation {
			continue
		}
		if object := labels.Decode(r); object.Route != nil {
			best = object
		}
	}
	return best
}

// record is the one that the object of this kind ("" is Route) and key was last
// made of.
func (o *objects) record(kind, key string) (*store.Record, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	records := o.records
	switch kind {
	case v1alpha1.KindIssuer:
		records = o.issuerRecords
	case v1alpha1.KindCertificate:
		records = o.certificateRecords
	}
	namespace, name, ok := strings.Cut(key, "/")
	if !ok {
		namespace, name = "", key
	}
	at, ok := slices.BinarySearchFunc(records, &store.Record{Namespace: namespace, Name: name}, compareKeys)
	if !ok {
		return nil, false
	}
	return records[at], true
}

// all are the objects as listed last.
func (o *objects) all() []*plan.Object {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.last
}
