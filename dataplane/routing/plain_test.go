package routing

import (
	"reflect"
	"slices"
	"testing"

	"fairlead.dev/fairlead/api/snapshot"
)

func TestARuleIsPlainWithNothingButMatchesAndBackends(t *testing.T) {
	plain := func() (*snapshot.Route, *snapshot.Rule) {
		rule := snapshot.Rule{Name: "0", Backends: []snapshot.BackendRef{{Backend: "b", Weight: 1}}}
		return &snapshot.Route{Key: "r", LoadBalancing: "RoundRobin", Rules: []snapshot.Rule{rule}}, &rule
	}
	if !isPlain(plain()) {
		t.Fatal("a Rule with one Backend is not plain")
	}
	// What a request that has found its Rule does not need to know.
	found := map[string][]string{
		"Route":      {"Key", "Generation", "Hosts", "TLS", "Certificates", "Earlier", "MinVersion", "Accepts", "ClientAuth", "InClear", "FromLabels", "Rules", "Digest"},
		"Rule":       {"Name", "Matches", "Backends"},
		"BackendRef": {"Backend", "Weight"},
	}
	for i := range 3 {
		fields := reflect.TypeOf([]any{snapshot.Route{}, snapshot.Rule{}, snapshot.BackendRef{}}[i])
		for f := range fields.NumField() {
			name := fields.Field(f).Name
			if slices.Contains(found[fields.Name()], name) {
				continue
			}
			route, rule := plain()
			set(t, reflect.ValueOf([]any{route, rule, &rule.Backends[0]}[i]).Elem().Field(f))
			if isPlain(route, rule) {
				t.Errorf("a Rule is plain though %s.%s is set", fields.Name(), name)
			}
		}
	}
}

func set(t *testing.T, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString("x")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
	default:
		t.Fatalf("a field of kind %s", v.Kind())
	}
}
