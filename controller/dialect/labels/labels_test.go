package labels

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
)

func TestTheWorstThatIsSaidOfALabelCounts(t *testing.T) {
	s := NewSet(&Service{Name: "web", Labels: map[string]string{"x.a": " 1 ", "x.b": "2", "x.c": "3", "x.users": "me:secret", "y": "4"}},
		"x", func(label string) bool { return strings.HasPrefix(label, "x.") })
	s.Became("x.a", "spec.hosts")
	s.Adapted("x.a", "spec.tls", "in part")
	s.Adapted("x.a", "spec.tls", "in part")
	s.Needless("x.a", "anyway")
	s.Needless("x.b", "anyway")
	s.Lost("x.missing", "never")
	s.Lost("x.users", "never")
	want := []Entry{
		{Service: "web", Dialect: "x", Label: "x.a", Value: "1", Outcome: Adapted, Field: "spec.hosts, spec.tls", Why: "in part; anyway"},
		{Service: "web", Dialect: "x", Label: "x.b", Value: "2", Outcome: Needless, Why: "anyway"},
		{Service: "web", Dialect: "x", Label: "x.c", Value: "3", Outcome: Lost, Why: "is no label that x is known to read"},
		{Service: "web", Dialect: "x", Label: "x.users", Value: "(not shown)", Outcome: Lost, Why: "never"},
	}
	if d := cmp.Diff(want, s.Entries()); d != "" {
		t.Error(d)
	}
}

func TestLabelsOfContainersCountWhereTheServiceHasNone(t *testing.T) {
	claims := func(label string) bool { return label == "a" }
	both := &Service{Labels: map[string]string{"a": "service"}, Container: map[string]string{"a": "container"}}
	for s, want := range map[*Service]string{both: "service", {Container: both.Container, Labels: map[string]string{"b": ""}}: "container"} {
		if got, _ := NewSet(s, "x", claims).Value("a"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	if NewSet(&Service{}, "x", claims) != nil {
		t.Error("a service without labels has a Set")
	}
}

func TestATidyRouteMeansTheSame(t *testing.T) {
	for _, c := range []struct{ name, long, short string }{
		{
			"one backend is the short form",
			"{hosts: [a], rules: [{matches: [{path: {type: PathPrefix, value: /}}], backends: [{service: a, port: 80, weight: 1, protocol: http}]}]}",
			"{hosts: [a], backend: {service: a, port: 80}}",
		},
		{
			"weights beside others stay",
			"{hosts: [a], rules: [{backends: [{service: a, port: 80, weight: 1}, {service: b, port: 80, weight: 1}]}]}",
			"{hosts: [a], rules: [{backends: [{service: a, port: 80, weight: 1}, {service: b, port: 80, weight: 1}]}]}",
		},
		{
			"defaults go, types of paths and statuses stay",
			"{hosts: [a], tls: {mode: Terminate, minVersion: '1.2', redirect: true, secretRefs: [{cert: c, key: k}]}, rules: [{matches: [{method: GET, path: {type: PathPrefix, value: /}, headers: [{type: Exact, name: x, value: y}]}, {path: {type: PathPrefix, value: /x}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 302}}]}]}",
			"{hosts: [a], tls: {mode: Terminate, secretRefs: [{cert: c, key: k}]}, rules: [{matches: [{method: GET, headers: [{name: x, value: y}]}, {path: {type: PathPrefix, value: /x}}], filters: [{type: RequestRedirect, requestRedirect: {scheme: https, statusCode: 302}}]}]}",
		},
		{
			"what says no to a default stays",
			"{hosts: [a], tls: {mode: Terminate, redirect: false, secretRefs: [{cert: c, key: k}]}, healthCheck: {maxFails: 0}, backend: {service: a, port: 80, weight: 0}}",
			"{hosts: [a], tls: {mode: Terminate, redirect: false, secretRefs: [{cert: c, key: k}]}, healthCheck: {maxFails: 0}, backend: {service: a, port: 80, weight: 0}}",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			r, want := read(t, c.long), read(t, c.short)
			before := Defaulted(r)
			Tidy(r)
			if d := cmp.Diff(want.Spec, r.Spec); d != "" {
				t.Error(d)
			}
			Tidy(before)
			if d := cmp.Diff(r.Spec, before.Spec); d != "" {
				t.Errorf("with its defaults it becomes something else:\n%s", d)
			}
		})
	}
}

func read(t *testing.T, spec string) *v1alpha1.Route {
	t.Helper()
	r := &v1alpha1.Route{}
	if err := yaml.UnmarshalStrict([]byte(spec), &r.Spec); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNamesOfRoutesAreDNSLabels(t *testing.T) {
	for text, want := range map[string]string{
		"web": "web", "Web_API.v2": "web-api-v2", "-a-": "a", "": "e3b0c442", "Ä": "2fe5ca1c",
		strings.Repeat("a", 64): strings.Repeat("a", 54) + "-ffe054fe",
	} {
		if got := RouteName(text); got != want || len(got) > 63 {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

func TestSecretsAreNamedAfterHosts(t *testing.T) {
	tls, _ := Terminate([]string{"a.org", "*.b.org", "*", strings.Repeat("long.", 20) + "org"})
	var got []string
	for _, ref := range tls.SecretRefs {
		got = append(got, ref.Cert)
	}
	want := []string{"a.org.cert", "wildcard.b.org.cert", "default.cert", strings.Repeat("long.", 11) + "long.cert"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}
