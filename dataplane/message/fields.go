package message

import "strings"

// Field is one field line. Names are compared without case.
type Field struct{ Name, Value string }

// Is says whether the field has this name, in any case.
func (f *Field) Is(name string) bool { return EqualFold(f.Name, name) }

// Fields are the field lines of a message in their order.
type Fields []Field

// Get returns the first value of a field, or "".
func (f Fields) Get(name string) string {
	for i := range f {
		if f[i].Is(name) {
			return f[i].Value
		}
	}
	return ""
}

// Has says whether there is such a field, perhaps an empty one.
func (f Fields) Has(name string) bool {
	for i := range f {
		if f[i].Is(name) {
			return true
		}
	}
	return false
}

// Values returns all values of a field, as routing.Headers has it.
func (f Fields) Values(name string) []string {
	var values []string
	for i := range f {
		if f[i].Is(name) {
			values = append(values, f[i].Value)
		}
	}
	return values
}

// Set makes value the only one of a field.
func (f *Fields) Set(name, value string) {
	for i := range *f {
		if (*f)[i].Is(name) {
			(*f)[i] = Field{name, value}
			f.keep(i+1, func(field *Field) bool { return !field.Is(name) })
			return
		}
	}
	f.Add(name, value)
}

// Add appends a field line.
func (f *Fields) Add(name, value string) { *f = append(*f, Field{name, value}) }

// Del removes all lines of a field.
func (f *Fields) Del(name string) {
	f.keep(0, func(field *Field) bool { return !field.Is(name) })
}

// Keep removes the lines that want does not return true for.
func (f *Fields) Keep(want func(*Field) bool) { f.keep(0, want) }

func (f *Fields) keep(from int, want func(*Field) bool) {
	kept := (*f)[:from]
	for i := from; i < len(*f); i++ {
		if want(&(*f)[i]) {
			kept = append(kept, (*f)[i])
		}
	}
	*f = kept
}

// HasToken looks for a token in the comma-separated lists of a field.
func (f Fields) HasToken(name, token string) bool {
	for i := range f {
		if f[i].Is(name) && ListHas(f[i].Value, token) {
			return true
		}
	}
	return false
}

// ListHas looks for a token in a comma-separated list, without case.
func ListHas(list, token string) bool {
	for list != "" {
		var item string
		item, list, _ = strings.Cut(list, ",")
		if EqualFold(Trim(item), token) {
			return true
		}
	}
	return false
}

// Trim removes optional white space (OWS, RFC 9110 section 5.6.3).
func Trim(s string) string { return strings.Trim(s, " \t") }

// EqualFold compares without the case of ASCII letters. Unlike
// strings.EqualFold it knows no other letters: field names and tokens have none.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if a[i] != b[i] && lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(b byte) byte {
	if 'A' <= b && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}
