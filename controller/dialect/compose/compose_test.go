package compose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

const example = `
x-common: &common
  shop.kind: web
services:
  web:
    image: web:1
    labels: ["on.container=yes", "flag"]
    ports: ["127.0.0.1:8080:80", {target: 9000, published: 9001}, "53:53/udp"]
    expose: [8443, "80"]
    networks: {front: {aliases: [w]}, shared: , named: , old: }
    deploy:
      replicas: 3
      labels:
        <<: *common
        number: 8080
        octal: 010
        truth: true
        nothing:
        host: ${HOST:-demo.local}
        user: $USER
        literal: $$1
        unset: ${UNSET}
  api:
    deploy:
      labels:
        - a=b=c
        - host=${USER}.local
  alone:
    network_mode: host
networks:
  front:
  shared: {external: true}
  named: {name: corporate}
  old: {external: {name: older}}
`

func lookup(name string) (string, bool) {
	value, ok := map[string]string{"USER": "me", "HOST": ""}[name]
	return value, ok
}

func TestServicesAreThoseThatAStackWouldHave(t *testing.T) {
	got, err := Read([]File{{"demo.yml", []byte(example)}}, "shop", lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := []*labels.Service{
		{Name: "shop_alone", Namespace: "shop"},
		{Name: "shop_api", Namespace: "shop", Labels: map[string]string{"a": "b=c", "host": "me.local"}, Networks: []string{"shop_default"}},
		{
			Name: "shop_web", Namespace: "shop", Networks: []string{"corporate", "older", "shared", "shop_front"},
			Labels: map[string]string{
				"shop.kind": "web", "number": "8080", "octal": "010", "truth": "true", "nothing": "", "host": "demo.local",
				"user": "me", "literal": "$1", "unset": "${UNSET}",
			},
			Container: map[string]string{"on.container": "yes", "flag": ""}, Ports: []int{80, 8443, 9000}, Replicas: 3,
		},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestALaterFileGoesOverAnEarlierOne(t *testing.T) {
	got, err := Read([]File{
		{"a.yml", []byte("services: {web: {expose: [80], deploy: {replicas: 2, labels: {a: 1, b: 1}}}}")},
		{"b.yml", []byte("services: {web: {deploy: {labels: [b=2]}}, more: {}}")},
	}, "", lookup)
	if err != nil {
		t.Fatal(err)
	}
	want := []*labels.Service{
		{Name: "more", Networks: []string{"default"}},
		{Name: "web", Networks: []string{"default"}, Labels: map[string]string{"a": "1", "b": "2"}, Ports: []int{80}, Replicas: 2},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestWhatIsNoComposeFileIsAnError(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "has no services",
		"services: 1":                       "is no compose file",
		"services: {web: {labels: 3}}":      "labels must be a map or a list",
		"version: '3'\nvolumes: {a: {}}\n":  "has no services",
		"services: {web: {deploy: [a, b]}}": "is no compose file",
	} {
		if _, err := Read([]File{{"x.yml", []byte(text)}}, "", lookup); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte("services: {a: {labels: [&x a=b, *x], networks: &n {n: }}, b: {networks: *n}}"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		_, _ = Read([]File{{"f", data}}, "s", lookup)
	})
}
