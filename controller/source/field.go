package source

import (
	"fmt"
	"reflect"
	"strings"
)

// fieldsOf are the types of t's fields by their names in a manifest.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	fields := map[string]reflect.Type{}
	eachField(t, func(name string, ft reflect.Type) { fields[name] = ft })
	return fields
}

// fieldNames are the names of t's fields in a manifest, in their order.
func fieldNames(t reflect.Type) []string {
	var names []string
	eachField(t, func(name string, _ reflect.Type) { names = append(names, name) })
	return names
}

func eachField(t reflect.Type, each func(name string, t reflect.Type)) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous && strings.Contains(options, "inline") {
			eachField(f.Type, each)
		} else if name != "" && name != "-" {
			each(name, f.Type)
		}
	}
}

// gatewayWords are Gateway API's names, and others that come to mind, for
// fields that have another name here.
var gatewayWords = map[string]string{
	"hostnames": "hosts", "host": "hosts", "hostname": "hosts",
	"backendRefs": "backends", "backendRef": "backend",
	"certificateRefs": "secretRefs", "secrets": "secretRefs",
	"name": "service", "address": "addresses", "query": "queryParams",
}

// suggestion names the field that was probably meant, or all that there are.
func suggestion(word string, names []string) string {
	best, least := "", 3
	for _, name := range names {
		if gatewayWords[word] == name || strings.EqualFold(word, name) {
			return fmt.Sprintf(" (did you mean %q?)", name)
		}
		if d := distance(strings.ToLower(word), strings.ToLower(name)); d < least && d < len(name) {
			best, least = name, d
		}
	}
	switch {
	case best != "":
		return fmt.Sprintf(" (did you mean %q?)", best)
	case len(names) == 0:
		return ": there are none here"
	}
	return fmt.Sprintf(": there are %s", strings.Join(names, ", "))
}

// distance is Levenshtein's: how many letters must be put in, taken out or
// changed to make b of a.
func distance(a, b string) int {
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
