package rewrite

import (
	"fmt"
	"strings"
	"testing"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func match(kind v1alpha1.MatchType, value string) v1alpha1.Match {
	if value == "" {
		return v1alpha1.Match{}
	}
	return v1alpha1.Match{Path: &v1alpha1.PathMatch{Type: kind, Value: value}}
}

// describe says of each variant what it matches and what becomes of the path.
func describe(all []Variant) string {
	var parts []string
	for _, v := range all {
		on := "/"
		if v.Match.Path != nil {
			on = v.Match.Path.Value
		}
		to := "as it is"
		for _, f := range v.Filters() {
			p := f.URLRewrite.Path
			if p.ReplaceFullPath != nil {
				to = "is " + *p.ReplaceFullPath
			} else {
				to = "starts with " + *p.ReplacePrefixMatch
			}
		}
		parts = append(parts, fmt.Sprintf("%s %s", on, to))
	}
	return strings.Join(parts, "; ")
}

func TestPaths(t *testing.T) {
	strip := func(p ...string) Step { return Step{Strip: p} }
	add := func(p string) Step { return Step{Add: p} }
	prefix, exact, regular := v1alpha1.MatchPathPrefix, v1alpha1.MatchExact, v1alpha1.MatchRegularExpression
	for _, c := range []struct {
		name  string
		match v1alpha1.Match
		steps []Step
		want  string
	}{
		{"nothing is changed", match(prefix, "/a"), nil, "/a as it is"},
		{"the prefix that matched goes", match(prefix, "/a"), []Step{strip("/a")}, "/a starts with /"},
		{"a part of it goes", match(prefix, "/a/b"), []Step{strip("/a")}, "/a/b starts with /b"},
		{"a longer one goes where it is there", match(prefix, "/a"), []Step{strip("/a/b")}, "/a/b starts with /; /a as it is"},
		{"one of the whole host goes where it is there", match("", ""), []Step{strip("/a")}, "/a starts with /; / as it is"},
		{"another one stays", match(prefix, "/a"), []Step{strip("/b")}, "/a as it is"},
		{"segments are whole", match(prefix, "/ab"), []Step{strip("/a")}, "/ab as it is"},
		{"one comes before", match(prefix, "/a"), []Step{add("/x")}, "/a starts with /x/a"},
		{"one comes before all", match("", ""), []Step{add("/x/")}, "/ starts with /x"},
		{"one comes instead", match(prefix, "/a"), []Step{strip("/a"), add("/b")}, "/a starts with /b"},
		{"in the other order", match(prefix, "/a"), []Step{add("/b"), strip("/b")}, "/a as it is"},
		{"a whole path", match(exact, "/a/b"), []Step{strip("/a")}, "/a/b is /b"},
		{"a whole path does not get longer matches", match(exact, "/a"), []Step{strip("/a/b")}, "/a as it is"},
		{"everything is replaced", match(prefix, "/a"), []Step{{Replace: "/x"}}, "/a is /x"},
		{"and something comes before", match(prefix, "/a"), []Step{{Replace: "/x"}, add("/y")}, "/a is /y/x"},
		{"an expression", match(regular, "/[ab]"), []Step{{Replace: "/x"}}, "/[ab] is /x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all, err := Variants(c.match, c.steps)
			if got := describe(all); err != nil || got != c.want {
				t.Errorf("%s, %v; want %s", got, err, c.want)
			}
		})
	}
	if _, err := Variants(match(regular, "/[ab]"), []Step{strip("/a")}); err == nil {
		t.Error("an expression has no prefix, and there was no error")
	}
}
