package plan

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// fill gives every field below v a value, and calls each with every one that
// can be told apart. What is shared by pointer is one value.
func fill(v reflect.Value, path string, each func(path string, value reflect.Value)) {
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path+"[0]", each)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			v.Set(reflect.ValueOf(time.Unix(7, 0)))
			each(path, v)
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), path+"."+v.Type().Field(i).Name, each)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		if v.Type().Elem() == reflect.TypeFor[Object]() && !strings.HasSuffix(path, ".LastGood") {
			fill(v.Elem(), path, each)
			return
		}
		each(path, v)
	case reflect.Map:
		v.Set(reflect.ValueOf(map[string]string{"a": "b"}))
		each(path, v)
	case reflect.String:
		v.SetString(path)
		each(path, v)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
		each(path, v)
	case reflect.Bool:
		v.SetBool(true)
		each(path, v)
	default:
		panic("plan: a field of kind " + v.Kind().String() + " at " + path)
	}
}

func TestEveryFieldOfAnInputButTheTimeMakesItAnother(t *testing.T) {
	in, other := Input{}, Input{}
	values := map[string]reflect.Value{}
	fill(reflect.ValueOf(&in).Elem(), "Input", func(path string, v reflect.Value) { values[path] = v })
	others := map[string]reflect.Value{}
	fill(reflect.ValueOf(&other).Elem(), "Input", func(path string, v reflect.Value) {
		others[path] = v
		if v.Kind() == reflect.Pointer {
			v.Set(values[path])
		}
	})
	other.Now = time.Unix(8, 0)
	delete(others, "Input.Now")
	if len(others) < 30 || !in.Same(&other) {
		t.Fatalf("equal Inputs with %d values are not the same", len(others))
	}
	for path, v := range others {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.SetZero()
		if in.Same(&other) {
			t.Errorf("%s makes no difference", path)
		}
		v.Set(old)
	}
	other.Objects = append(other.Objects, &Object{})
	if in.Same(&other) {
		t.Error("one more Object makes no difference")
	}
}
