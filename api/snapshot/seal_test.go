package snapshot

import (
	"fmt"
	"reflect"
	"testing"
)

// fill sets every field below v to a distinct value, with one item in each
// slice, and calls each for every scalar that it set.
func fill(v reflect.Value, path string, each func(path string, scalar reflect.Value)) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), path, each)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), path+"[0]", each)
	case reflect.Array: // a Digest, which says what the others do
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), path+"."+v.Type().Field(i).Name, each)
		}
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
		panic("snapshot: a field of kind " + v.Kind().String() + " at " + path)
	}
}

func TestEveryFieldChangesTheVersion(t *testing.T) {
	var s Snapshot
	scalars := map[string]reflect.Value{}
	fill(reflect.ValueOf(&s).Elem(), "Snapshot", func(path string, v reflect.Value) { scalars[path] = v })
	delete(scalars, "Snapshot.Version")
	if len(scalars) < 40 {
		t.Fatalf("only %d scalars found", len(scalars))
	}
	base := s.Seal().Version
	for path, v := range scalars {
		old := reflect.New(v.Type()).Elem()
		old.Set(v)
		v.SetZero()
		if s.Seal().Version == base {
			t.Errorf("%s is not in the Version", path)
		}
		v.Set(old)
	}
}

func TestADigestStandsForItsRoute(t *testing.T) {
	r := &Route{Key: "a", Hosts: []string{"a.local"}}
	known := *r
	known.Digest = r.Sum()
	if known.Sum() != r.Sum() {
		t.Error("a Digest is in itself")
	}
	if (Snapshot{Routes: []*Route{r}}).Seal().Version != (Snapshot{Routes: []*Route{&known}}).Seal().Version {
		t.Error("who knows the Digest gets another Version")
	}
	known.Digest[0]++
	if (Snapshot{Routes: []*Route{r}}).Seal().Version == (Snapshot{Routes: []*Route{&known}}).Seal().Version {
		t.Error("the Digest does not count")
	}
}

func TestNeighbouringStringsAreNotConfused(t *testing.T) {
	a := Snapshot{Certificates: []Certificate{{ID: "ab", Name: "c"}}}.Seal()
	b := Snapshot{Certificates: []Certificate{{ID: "a", Name: "bc"}}}.Seal()
	if a.Version == b.Version {
		t.Error("two different Snapshots have one Version")
	}
}

func BenchmarkSeal10kRoutes50kEndpoints(b *testing.B) {
	var s Snapshot
	for i := range 10_000 {
		id := fmt.Sprintf("service%05d:8080", i)
		s.Routes = append(s.Routes, &Route{Key: id, Hosts: []string{id + ".example.com"}, Rules: []Rule{{
			Name: "0", Matches: []Match{{Path: PathMatch{Type: PathPrefix, Value: "/"}}}, Backends: []BackendRef{{Backend: id, Weight: 1}},
		}}})
		backend := Backend{ID: id, Name: id}
		for j := range 5 {
			backend.Endpoints = append(backend.Endpoints, Endpoint{ID: fmt.Sprintf("task%d-%05d-0123456789abcde", j, i), Address: fmt.Sprintf("10.0.%d.%d:8080", i/250, i%250)})
		}
		s.Backends = append(s.Backends, backend)
	}
	for b.Loop() {
		s.Seal()
	}
}
