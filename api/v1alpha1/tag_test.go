package v1alpha1

import (
	"reflect"
	"strings"
	"testing"

	"github.com/go-playground/validator/v10"
)

// failed is a field's failed tag, with what tagMessage asks for.
type failed struct {
	validator.FieldError
	tag, param string
}

func (f failed) Tag() string        { return f.tag }
func (f failed) Param() string      { return f.param }
func (f failed) Value() any         { return "x" }
func (f failed) Kind() reflect.Kind { return reflect.String }

// tagsOf calls each for every validate tag in t and the types below it.
func tagsOf(t reflect.Type, seen map[reflect.Type]bool, each func(field, tag, param string)) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct || seen[t] || t.PkgPath() != reflect.TypeFor[Route]().PkgPath() {
		return
	}
	seen[t] = true
	for i := range t.NumField() {
		f := t.Field(i)
		for _, tag := range strings.Split(f.Tag.Get("validate"), ",") {
			tag, param, _ := strings.Cut(tag, "=")
			each(t.Name()+"."+f.Name, tag, param)
		}
		tagsOf(f.Type, seen, each)
	}
}

func TestEveryTagHasWords(t *testing.T) {
	count := 0
	tagsOf(reflect.TypeFor[Route](), map[reflect.Type]bool{}, func(field, tag, param string) {
		switch tag {
		case "", "dive", "omitempty", "unique": // these never fail, or are skipped
			return
		}
		count++
		if tagMessage(failed{tag: tag, param: param}) == "" {
			t.Errorf("%s: no words for %s", field, tag)
		}
	})
	if count < 50 {
		t.Errorf("only %d tags found", count)
	}
}

func TestHostPatterns(t *testing.T) {
	for pattern, want := range map[string]bool{
		"*": true, "localhost": true, "a-b.example.com": true, "*.example.com": true, "10.0.0.1": true, "xn--caf-dma.fr": true,
		"": false, "*.": false, "**": false, "*.*.com": false, "a..b": false, "-a.com": false, "a_b.com": false,
		"demo.local:80": false, "demo.local/": false, strings.Repeat("a", 64) + ".com": false, strings.Repeat("a.", 128): false,
	} {
		if got := isHostPattern(pattern); got != want {
			t.Errorf("isHostPattern(%q) = %v", pattern, got)
		}
	}
}
