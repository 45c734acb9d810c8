package interlock

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzTranslate: no labels make it panic, equal ones give equal Results, every
// Route is valid, and every label with the prefix is spoken of.
func FuzzTranslate(f *testing.F) {
	f.Add("demo_web", "demo", "com.docker.lb.hosts=a.example\ncom.docker.lb.port=80", "demo_front")
	f.Add("Web.1", "", "com.docker.lb.hosts=*,A.,b:80\ncom.docker.lb.port=0\ncom.docker.lb.port =1\ncom.docker.lb.ssl_passthrough=true", "")
	for name := range known {
		for _, value := range []string{"", "true", "none", "/a,/b", "1m30s", "http://a.example,https://b.example:8443/x;c,d", "Ä\x00"} {
			f.Add("web", "shop", "com.docker.lb.hosts=a.example\ncom.docker.lb.port=80\ncom.docker.lb."+name+"="+value, "one,two")
		}
	}
	f.Fuzz(func(t *testing.T, name, namespace, labels, networks string) {
		s := Service{Name: name, Namespace: namespace, Labels: map[string]string{}, Networks: items(networks, ",")}
		for line := range strings.Lines(labels) {
			label, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
			s.Labels[label] = value
		}
		r := Translate(s)
		if d := cmp.Diff(r, Translate(s)); d != "" {
			t.Errorf("twice gives two Results:\n%s", d)
		}
		names := map[string]bool{}
		for _, route := range r.Routes {
			checkValid(t, route)
			if names[route.Metadata.Name] {
				t.Errorf("two Routes are called %s", route.Metadata.Name)
			}
			names[route.Metadata.Name] = true
		}
		if Claims(s.Labels) {
			checkSpokenOf(t, s, r)
		}
	})
}

func checkSpokenOf(t *testing.T, s Service, r Result) {
	t.Helper()
	for label := range s.Labels {
		spoken := slices.ContainsFunc(r.Fields, func(f Field) bool { return f.Label == label }) ||
			slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Label == label })
		if strings.HasPrefix(label, Prefix) && !spoken {
			t.Errorf("nothing is said of %q", label)
		}
	}
	fatal := slices.ContainsFunc(r.Problems, func(p Problem) bool { return p.Fatal })
	if fatal != (len(r.Routes) == 0) {
		t.Errorf("%d Routes, and a fatal Problem: %t", len(r.Routes), fatal)
	}
}
