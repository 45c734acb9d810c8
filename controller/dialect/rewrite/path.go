// Package rewrite says what becomes of a path that several things change on the
// way to a backend, each of which takes a prefix off, puts one before, or puts
// another path in its place: Matches, and the Filter that each of them needs.
package rewrite

import (
	"errors"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/dialect/labels"
)

// Step is one change of the path: one of the fields is set.
type Step struct {
	Strip   []string // prefixes of which the first that is there goes
	Add     string   // what comes before
	Replace string   // what comes instead
}

// Variant is a Match, and what its path has become.
type Variant struct {
	Match v1alpha1.Match
	// path is where the prefix, or the whole path, that matched stands now.
	path string
	// full is the new path where all of it was replaced.
	full string
}

var errRegularPath = errors.New("changes a path that an expression matched, which only a prefix or a whole path can be")

// Variants are the Matches that a Match becomes through the steps, with the
// Filter that each needs. A prefix that is longer than the one that matched is
// taken off in a Match of its own.
func Variants(m v1alpha1.Match, steps []Step) ([]Variant, error) {
	start := Variant{Match: m, path: "/"}
	if m.Path != nil {
		start.path = m.Path.Value
		if m.Path.Type == v1alpha1.MatchRegularExpression && len(steps) > 0 {
			if last := steps[len(steps)-1]; last.Replace == "" {
				return nil, errRegularPath
			}
			steps = steps[len(steps)-1:]
		}
	}
	all := []Variant{start}
	for _, s := range steps {
		var next []Variant
		for _, v := range all {
			next = append(next, v.through(s)...)
		}
		all = next
	}
	return all, nil
}

func (v Variant) through(s Step) []Variant {
	switch {
	case s.Replace != "":
		v.full = s.Replace
	case v.full != "":
		v.full = joinPath(s.Add, stripped(v.full, s.Strip))
	case s.Add != "":
		v.path = joinPath(s.Add, v.path)
	default:
		return v.without(s.Strip)
	}
	return []Variant{v}
}

// without takes the first of the prefixes off that is there.
func (v Variant) without(prefixes []string) []Variant {
	if path := stripped(v.path, prefixes); path != v.path || len(prefixes) == 0 {
		v.path = path
		return []Variant{v}
	}
	var all []Variant
	if v.isPrefix() {
		for _, p := range prefixes {
			if Under(p, v.path) {
				all = append(all, v.narrowed(strings.TrimPrefix(p, strings.TrimSuffix(v.path, "/"))))
			}
		}
	}
	return append(all, v)
}

func (v Variant) isPrefix() bool {
	return v.Match.Path == nil || v.Match.Path.Type != v1alpha1.MatchExact
}

// narrowed is v for the requests that have rest behind the prefix, without both.
func (v Variant) narrowed(rest string) Variant {
	prefix := ""
	if v.Match.Path != nil {
		prefix = strings.TrimSuffix(v.Match.Path.Value, "/")
	}
	v.Match.Path = &v1alpha1.PathMatch{Type: v1alpha1.MatchPathPrefix, Value: prefix + rest}
	v.path = "/"
	return v
}

func stripped(path string, prefixes []string) string {
	for _, p := range prefixes {
		if Under(path, p) && p != "/" {
			return joinPath("", strings.TrimPrefix(path, strings.TrimSuffix(p, "/")))
		}
	}
	return path
}

// joinPath is a path with another before it.
func joinPath(before, path string) string {
	joined := strings.TrimSuffix(before, "/") + "/" + strings.TrimPrefix(path, "/")
	if joined != "/" && path == "/" {
		joined = strings.TrimSuffix(joined, "/")
	}
	return joined
}

// Filters are those that the path needs.
func (v Variant) Filters() []v1alpha1.Filter {
	was := "/"
	if v.Match.Path != nil {
		was = v.Match.Path.Value
	}
	switch {
	case v.full != "":
		return []v1alpha1.Filter{labels.ReplacePath(v.full)}
	case v.path == was:
		return nil
	case !v.isPrefix():
		return []v1alpha1.Filter{labels.ReplacePath(v.path)}
	}
	return []v1alpha1.Filter{labels.ReplacePrefix(v.path)}
}

// Under says whether path is prefix or below it.
func Under(path, prefix string) bool {
	prefix = strings.TrimSuffix(prefix, "/")
	return path == prefix || strings.HasPrefix(path, prefix+"/")
}
