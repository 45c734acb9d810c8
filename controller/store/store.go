// Package store keeps the objects that people apply: on swarm configs (Configs),
// or in a directory (Directory). Both have the same methods:
//
//	List(ctx) ([]*Record, error)
//	Put(ctx, Manifest) (Record, error)
//	Delete(ctx, kind, key string) error
//	History(ctx, kind, key string) ([]Record, error)
//	WriteStatus(ctx, *Record, v1alpha1.Status) error
//	Prune(ctx, keep int) error
//
// On configs, one config is one generation of one object, and immutable:
// name fairlead.<kind>.<name>.<generation>, the manifest as applied for data,
// and what must be found without reading it in labels. The highest generation
// is the object; those below are its history. Two who write one generation
// collide on the config's name, so the second is told (ErrConflict) and looks
// again. Status stands in the labels of the newest generation, written with
// compare-and-swap on the config's version. A delete removes the oldest
// generation first, so that half a delete never brings an old one back.
//
// Any config with the label fairlead.dev/kind counts, whatever its name, so an
// object can also ship inside a stack file; such a config has generation 1
// unless a label says otherwise.
package store

import (
	"errors"
	"time"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// What a caller branches on. All errors of this package wrap one of these or
// none.
var (
	// ErrNotFound: there is no such object.
	ErrNotFound = errors.New("not found")
	// ErrConflict: someone else wrote first; look again.
	ErrConflict = errors.New("changed meanwhile")
	// ErrReadOnly: this store does not take writes.
	ErrReadOnly = errors.New("read-only")
)

// Record is one generation of an object, as it is stored.
type Record struct {
	// ID is the config's ID, or the file's path with the document's index.
	ID string
	// Version is for compare-and-swap; it means something to the store only.
	Version uint64

	Kind, Namespace, Name string
	// Generation counts from 1.
	Generation int64
	// Created is when the oldest generation that is still known was applied,
	// carried on by each generation; AppliedAt is this generation's time.
	Created, AppliedAt time.Time
	// AppliedBy is the user and host that applied it, or the origin that it was
	// synced or made from.
	AppliedBy string
	// Origin is "" for an object that a person applied, else what owns it, such
	// as "manifests:<dir>"; only its owner prunes it.
	Origin string
	// Data is the manifest as applied: one YAML document.
	Data []byte
	// Status is the stored one; nil before the first.
	Status *v1alpha1.Status
	// Source is where a person finds the manifest: "config NAME" or "FILE:LINE".
	Source string
}

// Key is "namespace/name", or "name" where there is no namespace.
func (r Record) Key() string {
	return v1alpha1.ObjectMeta{Namespace: r.Namespace, Name: r.Name}.Key()
}

// Manifest is an object to be stored.
type Manifest struct {
	Kind, Namespace, Name string
	// Data is one YAML document. Equal data of equal origin is no new generation.
	Data      []byte
	AppliedBy string
	Origin    string
	// IfGeneration, where it is not 0, is the generation that the caller last
	// saw: another newest one fails with ErrConflict.
	IfGeneration int64
}
