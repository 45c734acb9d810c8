// Package block reads the labels of caddy-docker-proxy as what they are, a
// Caddyfile: a tree of blocks, whose names are the parts of a label between dots
// and whose arguments are its value.
package block

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// Block is a directive, or what stands around directives.
type Block struct {
	*labels.Set
	// Label is empty where the block only follows from labels below it.
	Label string
	Name  string
	Args  []string
	Kids  []*Block
	// Strange is a template that was not understood.
	Strange string
	order   int
}

// segment is one part of a label between dots: an order, the name, and a number
// that only keeps it apart from others.
var segment = regexp.MustCompile(`^(?:(\d+)_)?(.+?)(?:_(\d+))?$`)

// root is a label that a tree starts with.
var root = regexp.MustCompile(`^caddy(_\d+)?$`)

// Read makes the trees of a set, in the order of their labels.
func Read(set *labels.Set) []*Block {
	byPath := map[string]*Block{}
	var roots []*Block
	for _, label := range set.Names() {
		parts := split(label)
		if !root.MatchString(parts[0]) {
			continue
		}
		value, _ := set.Value(label)
		b := at(set, byPath, &roots, parts)
		b.Label = label
		b.Args, b.Strange = arguments(value)
	}
	for _, b := range roots {
		b.sort()
	}
	return roots
}

// at is the block at a path, which is made with those around it.
func at(set *labels.Set, byPath map[string]*Block, roots *[]*Block, parts []string) *Block {
	path := strings.Join(parts, "\x00")
	if b := byPath[path]; b != nil {
		return b
	}
	b := &Block{Set: set, order: math.MaxInt}
	byPath[path] = b
	b.Name = parts[len(parts)-1]
	if len(parts) == 1 {
		*roots = append(*roots, b)
		return b
	}
	if m := segment.FindStringSubmatch(b.Name); m != nil {
		b.Name = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			b.order = n
		}
	}
	around := at(set, byPath, roots, parts[:len(parts)-1])
	around.Kids = append(around.Kids, b)
	return b
}

// split takes a label apart at the dots that have no backslash before them.
func split(label string) []string {
	const dot = "\x01"
	parts := strings.Split(strings.ReplaceAll(label, `\.`, dot), ".")
	for i := range parts {
		parts[i] = strings.ReplaceAll(parts[i], dot, ".")
	}
	return parts
}

func (b *Block) sort() {
	slices.SortStableFunc(b.Kids, func(x, y *Block) int { return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.Name, y.Name)) })
	for _, kid := range b.Kids {
		kid.sort()
	}
}

// Kid is the block of that name, or nil.
func (b *Block) Kid(name string) *Block {
	for _, k := range b.Kids {
		if k.Name == name {
			return k
		}
	}
	return nil
}

// Each calls do for b and all blocks below it.
func (b *Block) Each(do func(*Block)) {
	do(b)
	for _, k := range b.Kids {
		k.Each(do)
	}
}

// BecameField says of b's own label that it stands in a field.
func (b *Block) BecameField(field string) {
	if b.Label != "" {
		b.Became(b.Label, field)
	}
}

// AdaptedField says what is different there.
func (b *Block) AdaptedField(field, format string, args ...any) {
	if b.Label != "" {
		b.Adapted(b.Label, field, format, args...)
	}
}

// AllNeedless says of b and all below it why they need no field.
func (b *Block) AllNeedless(format string, args ...any) {
	b.Each(func(k *Block) {
		if k.Label != "" {
			k.Needless(k.Label, format, args...)
		}
	})
}

// AllLost says of b and all below it that they are not translated.
func (b *Block) AllLost(format string, args ...any) {
	b.Each(func(k *Block) {
		if k.Label != "" {
			k.Lost(k.Label, format, args...)
		}
	})
}

// SomeLabel is b's label, or the first below it.
func (b *Block) SomeLabel() string {
	found := ""
	b.Each(func(k *Block) { found = cmp.Or(found, k.Label) })
	return found
}

// upstreams is the template for the service's own addresses: {{upstreams 80}},
// {{upstreams https 443}}.
var upstreams = regexp.MustCompile(`\{\{\s*upstreams(?:\s+(https?|h2c))?(?:\s+(\d+))?\s*\}\}`)

// Own starts the argument that stands for the service's own addresses.
const Own = "upstreams://"

// arguments takes a value apart at blanks that are not quoted. Templates but the
// one for addresses are given back as strange.
func arguments(value string) (args []string, strange string) {
	value = upstreams.ReplaceAllStringFunc(value, func(found string) string {
		m := upstreams.FindStringSubmatch(found)
		return Own + cmp.Or(m[1], "http") + ":" + m[2]
	})
	value = strings.ReplaceAll(value, `{{""}}`, "")
	if i := strings.Index(value, "{{"); i >= 0 {
		return nil, value[i:]
	}
	for value = strings.TrimSpace(value); value != ""; value = strings.TrimSpace(value) {
		var arg string
		arg, value = argument(value)
		args = append(args, arg)
	}
	return args, ""
}

func argument(text string) (arg, rest string) {
	if quote := text[0]; quote == '"' || quote == '`' {
		if end := strings.IndexByte(text[1:], quote); end >= 0 {
			return text[1 : end+1], text[end+2:]
		}
	}
	end := strings.IndexAny(text, " \t\r\n")
	if end < 0 {
		return text, ""
	}
	return text[:end], text[end:]
}
