package source

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A document may have so many nodes, with aliases written out, nested so deep.
const (
	maxNodes = 100_000
	maxDepth = 64
)

// walker checks a tree against a type, and notes the line of each field.
type walker struct {
	document *Document
	offset   int // from a node's line to that in the file
	budget   int // nodes that may still be visited
}

func (w *walker) mistake(n *yaml.Node, path, format string, args ...any) {
	w.document.mistake(n.Line+w.offset, path, format, args...)
}

// walk checks n, which stands at path, against t.
func (w *walker) walk(n *yaml.Node, t reflect.Type, path string, depth int) {
	if w.spent(n, path, depth) {
		return
	}
	w.document.lines[path] = n.Line + w.offset
	if n.Kind == yaml.AliasNode {
		w.walk(n.Alias, t, path, depth+1)
		return
	}
	if n.Style&yaml.TaggedStyle != 0 {
		w.mistake(n, path, "has the tag %s: tags are not supported", n.Tag)
		return
	}
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if isNull(n) {
		if t.Kind() == reflect.Struct && !readsItself(t) {
			w.mistake(n, path, "is empty: %s, or remove it", filling(t))
		}
		return
	}
	w.check(n, t, path, depth)
}

// spent says whether the document is too deep or too large to go on, and says
// so once.
func (w *walker) spent(n *yaml.Node, path string, depth int) bool {
	w.budget--
	switch {
	case w.budget < 0:
		return true
	case w.budget == 0:
		w.mistake(n, path, "the document is too large: with its aliases written out it has more than %d values", maxNodes)
	case depth > maxDepth:
		w.mistake(n, path, "is nested too deep")
		w.budget = 0
	}
	return w.budget == 0
}

func (w *walker) check(n *yaml.Node, t reflect.Type, path string, depth int) {
	switch {
	case readsItself(t):
		w.unmarshaler(n, t, path)
	case t.Kind() == reflect.Struct:
		w.structure(n, t, path, depth)
	case t.Kind() == reflect.Slice:
		w.slice(n, t, path, depth)
	case t.Kind() == reflect.Map:
		w.mapping(n, t, path, depth)
	default:
		if message := scalarMessage(n, t.Kind()); message != "" {
			w.mistake(n, path, "%s", message)
		}
	}
}

func readsItself(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[json.Unmarshaler]())
}

// filling says what to write for a t that was left empty.
func filling(t reflect.Type) string {
	if t.NumField() == 0 {
		return "write {}"
	}
	return "give it fields such as " + firstFields(t)
}

func objectOf(t reflect.Type) string {
	if t.NumField() == 0 {
		return "{}, which has no fields"
	}
	return "an object with fields such as " + firstFields(t)
}

func firstFields(t reflect.Type) string {
	names := fieldNames(t)
	return strings.Join(names[:min(3, len(names))], ", ")
}

// structure checks that every key of n is a field of t, and stands there once.
func (w *walker) structure(n *yaml.Node, t reflect.Type, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		w.mistake(n, path, "is %s, must be %s", describe(n), objectOf(t))
		return
	}
	fields := fieldsOf(t)
	w.keys(n, path, func(key, value *yaml.Node) {
		to := join(path, key.Value)
		ft, ok := fields[key.Value]
		if !ok {
			w.mistake(key, to, "unknown field%s", suggestion(key.Value, fieldNames(t)))
			return
		}
		w.walk(value, ft, to, depth+1)
		w.document.lines[to] = key.Line + w.offset
	})
}

// keys calls each for the keys of n that are plain names and stand there once.
func (w *walker) keys(n *yaml.Node, path string, each func(key, value *yaml.Node)) {
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch first, twice := seen[key.Value]; {
		case key.Kind != yaml.ScalarNode:
			w.mistake(key, path, "has %s for a key, must have names only", describe(key))
		case key.Tag == "!!merge":
			w.mistake(key, path, "merge keys (<<) are not supported: write the fields out")
		case scalarMessage(key, reflect.String) != "":
			w.mistake(key, path, "the key %s: %s", key.Value, scalarMessage(key, reflect.String))
		case twice:
			w.mistake(key, join(path, key.Value), "stands there twice, first at line %d", first)
		default:
			seen[key.Value] = key.Line + w.offset
			each(key, value)
		}
	}
}

func (w *walker) slice(n *yaml.Node, t reflect.Type, path string, depth int) {
	if n.Kind != yaml.SequenceNode {
		w.mistake(n, path, "is %s, must be a list", describe(n))
		return
	}
	for i, item := range n.Content {
		w.walk(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i), depth+1)
	}
}

func (w *walker) mapping(n *yaml.Node, t reflect.Type, path string, depth int) {
	if n.Kind != yaml.MappingNode {
		w.mistake(n, path, "is %s, must be an object", describe(n))
		return
	}
	w.keys(n, path, func(key, value *yaml.Node) {
		w.walk(value, t.Elem(), join(path, key.Value), depth+1)
	})
}

// unmarshaler lets a type that reads itself have the value.
func (w *walker) unmarshaler(n *yaml.Node, t reflect.Type, path string) {
	if n.Kind != yaml.ScalarNode {
		w.mistake(n, path, "is %s, must be a single value", describe(n))
		return
	}
	data := []byte(n.Value)
	if tag := n.ShortTag(); tag == "!!str" || tag == "!!timestamp" || !json.Valid(data) {
		data, _ = json.Marshal(n.Value)
	}
	err := reflect.New(t).Interface().(json.Unmarshaler).UnmarshalJSON(data)
	switch {
	case err == nil:
	case t == reflect.TypeFor[time.Time]():
		w.mistake(n, path, "is %q, must be a time such as 2026-01-31T12:00:00Z", n.Value)
	default:
		w.mistake(n, path, "%s", err)
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
