// Package source reads manifests: YAML (or JSON) text in, objects with their
// defaults out. It is strict: an unknown field, a field that stands there
// twice, a value of the wrong type are mistakes, each told with file, line and
// field path, and all of them at once.
//
// One text may hold several documents, separated by lines of "---". Each is
// taken by itself, so that a mistake in one never hides another.
//
// A document is read twice: as a tree of nodes, which knows lines, is checked
// against the Go types; only if nothing is wrong there does sigs.k8s.io/yaml
// fill the object in. What YAML 1.1 and 1.2 read differently (yes, 010, 0x1f),
// and what lets a small text grow large (merge keys, nested aliases), is
// refused, so that both readings are the same.
package source
