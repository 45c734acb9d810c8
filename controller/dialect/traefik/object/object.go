// Package object gathers Traefik's labels into the objects that they describe:
// traefik.http.routers.web.tls.options is the option tls.options of the router
// web. Names have no case, but for those of header fields.
package object

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// Option is one label of an object.
type Option struct {
	// Label is the whole name, Key what stands behind the object's name, in
	// lower case, Raw the same as it was written.
	Label, Key, Raw string
	Value           string
}

// Object is a router, a middleware or a service of Traefik.
type Object struct {
	*labels.Set
	// Kind is as in "http.routers".
	Kind, Name string
	Options    []Option
	// Used: a router asks for it.
	Used bool
}

// Get is the option with the key.
func (o *Object) Get(key string) (Option, bool) {
	for _, p := range o.Options {
		if p.Key == key {
			return p, true
		}
	}
	return Option{}, false
}

// Text is the value of the option with the key, empty where it is not there.
func (o *Object) Text(key string) string {
	p, _ := o.Get(key)
	return p.Value
}

// LabelOf is that of an option, or of the first one there is.
func (o *Object) LabelOf(key string) string {
	if p, ok := o.Get(key); ok {
		return p.Label
	}
	return o.Options[0].Label
}

// KeyBecame says of the option with the key, if it is there, that it stands in a
// field.
func (o *Object) KeyBecame(key, field string) {
	if p, ok := o.Get(key); ok {
		o.Became(p.Label, field)
	}
}

// KeyAdapted says what is different with it.
func (o *Object) KeyAdapted(key, field, format string, args ...any) {
	if p, ok := o.Get(key); ok {
		o.Adapted(p.Label, field, format, args...)
	}
}

// KeyNeedless says why it needs no field.
func (o *Object) KeyNeedless(key, format string, args ...any) {
	if p, ok := o.Get(key); ok {
		o.Needless(p.Label, format, args...)
	}
}

// KeyLost says why it is lost.
func (o *Object) KeyLost(key, format string, args ...any) {
	if p, ok := o.Get(key); ok {
		o.Lost(p.Label, format, args...)
	}
}

// LoseRest says of every option of which nothing was said that it is lost, and
// returns their labels.
func (o *Object) LoseRest(format string, args ...any) []string {
	var lost []string
	for _, p := range o.Options {
		if !o.Said(p.Label) {
			o.Lost(p.Label, format, args...)
			lost = append(lost, p.Label)
		}
	}
	return lost
}

// objectOf takes the name of a label apart: traefik.http.routers.web.tls.options.
func objectOf(label, value string) (kind, name string, o Option, ok bool) {
	raw := strings.Split(label, ".")
	if len(raw) < 5 {
		return "", "", o, false
	}
	low := strings.Split(strings.ToLower(label), ".")
	o = Option{Label: label, Key: strings.Join(low[4:], "."), Raw: strings.Join(raw[4:], "."), Value: value}
	return low[1] + "." + low[2], low[3], o, slices.Contains([]string{"http", "tcp", "udp"}, low[1])
}

// Read gathers the labels of one set into objects, sorted by kind and
// name. Labels that belong to none are left out.
func Read(set *labels.Set) []*Object {
	var all []*Object
	for _, label := range set.Names() {
		value, _ := set.Value(label)
		kind, name, p, ok := objectOf(label, value)
		if !ok {
			continue
		}
		i := slices.IndexFunc(all, func(o *Object) bool { return o.Kind == kind && o.Name == name })
		if i < 0 {
			i, all = len(all), append(all, &Object{Set: set, Kind: kind, Name: name})
		}
		all[i].Options = append(all[i].Options, p)
	}
	slices.SortFunc(all, func(a, b *Object) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name)) })
	return all
}

// IsTrue says whether the value of a label is one for yes.
func IsTrue(value string) bool {
	b, err := strconv.ParseBool(strings.ToLower(value))
	return err == nil && b
}
