package caddy

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

// block is a directive, or what stands around directives.
type block struct {
	*labels.Set
	// label is empty where the block only follows from labels below it.
	label string
	name  string
	order int
	args  []string
	kids  []*block
	// strange are templates that were not understood.
	strange string
}

// segment is one part of a label between dots: an order, the name, and a number
// that only keeps it apart from others.
var segment = regexp.MustCompile(`^(?:(\d+)_)?(.+?)(?:_(\d+))?$`)

// root is a label that a tree starts with.
var root = regexp.MustCompile(`^caddy(_\d+)?$`)

// readBlocks makes the trees of a set, in the order of their labels.
func readBlocks(set *labels.Set) []*block {
	byPath := map[string]*block{}
	var roots []*block
	for _, label := range set.Names() {
		parts := split(label)
		if !root.MatchString(parts[0]) {
			continue
		}
		value, _ := set.Value(label)
		b := at(set, byPath, &roots, parts)
		b.label = label
		b.args, b.strange = arguments(value)
	}
	for _, b := range roots {
		b.sort()
	}
	return roots
}

// at is the block at a path, which is made with those around it.
func at(set *labels.Set, byPath map[string]*block, roots *[]*block, parts []string) *block {
	path := strings.Join(parts, "\x00")
	if b := byPath[path]; b != nil {
		return b
	}
	b := &block{Set: set, order: math.MaxInt}
	byPath[path] = b
	b.name = parts[len(parts)-1]
	if len(parts) == 1 {
		*roots = append(*roots, b)
		return b
	}
	if m := segment.FindStringSubmatch(b.name); m != nil {
		b.name = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			b.order = n
		}
	}
	around := at(set, byPath, roots, parts[:len(parts)-1])
	around.kids = append(around.kids, b)
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

func (b *block) sort() {
	slices.SortStableFunc(b.kids, func(x, y *block) int { return cmp.Or(cmp.Compare(x.order, y.order), cmp.Compare(x.name, y.name)) })
	for _, kid := range b.kids {
		kid.sort()
	}
}

// kid is the block of that name, or nil.
func (b *block) kid(name string) *block {
	for _, k := range b.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// each calls do for b and all blocks below it.
func (b *block) each(do func(*block)) {
	do(b)
	for _, k := range b.kids {
		k.each(do)
	}
}

// became says of b's own label that it stands in a field.
func (b *block) became(field string) {
	if b.label != "" {
		b.Became(b.label, field)
	}
}

func (b *block) adapted(field, format string, args ...any) {
	if b.label != "" {
		b.Adapted(b.label, field, format, args...)
	}
}

func (b *block) needless(format string, args ...any) {
	b.each(func(k *block) {
		if k.label != "" {
			k.Needless(k.label, format, args...)
		}
	})
}

// lost says of b and all below it that they are not translated.
func (b *block) lost(format string, args ...any) {
	b.each(func(k *block) {
		if k.label != "" {
			k.Lost(k.label, format, args...)
		}
	})
}

// someLabel is b's label, or the first below it.
func (b *block) someLabel() string {
	found := ""
	b.each(func(k *block) { found = cmp.Or(found, k.label) })
	return found
}

// upstreams is the template for the service's own addresses: {{upstreams 80}},
// {{upstreams https 443}}.
var upstreams = regexp.MustCompile(`\{\{\s*upstreams(?:\s+(https?|h2c))?(?:\s+(\d+))?\s*\}\}`)

// own starts the argument that stands for the service's own addresses.
const own = "upstreams://"

// arguments takes a value apart at blanks that are not quoted. Templates but the
// one for addresses are given back as strange.
func arguments(value string) (args []string, strange string) {
	value = upstreams.ReplaceAllStringFunc(value, func(found string) string {
		m := upstreams.FindStringSubmatch(found)
		return own + cmp.Or(m[1], "http") + ":" + m[2]
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
