package manifests_test

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/controller/source"
	"fairlead.dev/fairlead/manifests"
)

// examples calls each for every example.
func examples(t *testing.T, each func(t *testing.T, file string, data []byte)) {
	files, err := fs.Glob(manifests.Examples, "examples/*.yaml")
	if err != nil || len(files) < 8 {
		t.Fatalf("%d examples, %v", len(files), err)
	}
	for _, file := range files {
		data, err := manifests.Examples.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(file, func(t *testing.T) { each(t, file, data) })
	}
}

func TestEveryExampleIsValid(t *testing.T) {
	examples(t, func(t *testing.T, file string, data []byte) {
		documents, err := source.Decode(file, data)
		if err != nil || len(documents) == 0 {
			t.Fatalf("%d documents, %v", len(documents), err)
		}
		for i, d := range documents {
			if m := d.Validate(); m != nil {
				t.Error(m)
			}
			if hinted := strings.HasPrefix(string(d.Raw), hint(d.Kind)); !hinted && (i == 0 || d.Kind != documents[i-1].Kind) {
				t.Errorf("the first line of the document at line %d is not %s", d.Line, hint(d.Kind))
			}
		}
	})
}

// hint tells editors the schema of a document.
func hint(kind string) string {
	return "# yaml-language-server: $schema=../schema/" + strings.ToLower(kind) + ".json\n"
}

func TestEveryExampleFitsTheSchema(t *testing.T) {
	examples(t, func(t *testing.T, file string, data []byte) {
		documents, _ := source.Decode(file, data)
		for _, d := range documents {
			for _, wrong := range fit(t, d.Kind, d.Raw) {
				t.Error(wrong)
			}
		}
	})
}

func TestTheSchemaRefusesWhatIsWrong(t *testing.T) {
	for spec, want := range map[string]string{
		"{hosts: [a], host: b}":                          "spec.host: unknown",
		"{hosts: []}":                                    "spec.hosts: too few",
		"{hosts: ['a:80']}":                              "spec.hosts[0]: pattern",
		"{hosts: [a], tls: {mode: terminate}}":           "spec.tls.mode: enum",
		"{hosts: [a], backend: {port: 70000}}":           "spec.backend.port: too large",
		"{hosts: [a], rules: [{retry: {codes: [200]}}]}": "spec.rules[0].retry.codes[0]: too small",
		"{}": "spec.hosts: missing",
	} {
		got := fit(t, v1alpha1.KindRoute, []byte("apiVersion: fairlead.dev/v1alpha1\nkind: Route\nmetadata: {name: a}\nspec: "+spec))
		if !slices.Equal(got, []string{want}) {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

func TestTheSchemaOfIssuersRefusesWhatIsWrong(t *testing.T) {
	for spec, want := range map[string]string{
		"{selfsigned: {}}":                          "spec.selfsigned: unknown",
		"{selfSigned: {key: a}}":                    "spec.selfSigned.key: unknown",
		"{ca: {}}":                                  "spec.ca.secretRef: missing",
		"{privateKey: {algorithm: DSA}}":            "spec.privateKey.algorithm: enum",
		"{selfSigned: {}, duration: 90d}":           "spec.duration: pattern",
		"{ca: {secretRef: {cert: a.cert, key: 1}}}": "spec.ca.secretRef.key: type",
	} {
		got := fit(t, v1alpha1.KindIssuer, []byte("apiVersion: fairlead.dev/v1alpha1\nkind: Issuer\nmetadata: {name: a}\nspec: "+spec))
		if len(got) == 0 || got[0] != want {
			t.Errorf("%s: got %q, want %q", spec, got, want)
		}
	}
}

// fit says where a manifest does not fit the schema of its kind.
func fit(t *testing.T, kind string, data []byte) []string {
	t.Helper()
	var v any
	data, err := yaml.YAMLToJSON(data)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	c := checker{root: manifests.SchemaOf(kind)}
	c.check(c.root, v, "")
	return c.wrong
}

// checker is a validator for the part of JSON Schema that ours uses.
type checker struct {
	root  *manifests.Schema
	wrong []string
}

func (c *checker) demand(ok bool, path, what string) {
	if !ok {
		c.wrong = append(c.wrong, strings.TrimPrefix(path, ".")+": "+what)
	}
}

func (c *checker) check(s *manifests.Schema, v any, path string) {
	s = s.Resolve(c.root)
	switch v := v.(type) {
	case map[string]any:
		c.object(s, v, path)
	case []any:
		c.demand(s.Type == "array", path, "type")
		c.demand(s.MinItems == nil || len(v) >= *s.MinItems, path, "too few")
		c.demand(s.MaxItems == nil || len(v) <= *s.MaxItems, path, "too many")
		for i, item := range v {
			c.check(s.Items, item, fmt.Sprintf("%s[%d]", path, i))
		}
	case string:
		c.demand(s.Type == "string", path, "type")
		c.demand(s.Const == "" || s.Const == v, path, "const")
		c.demand(s.Pattern == "" || regexp.MustCompile(s.Pattern).MatchString(v), path, "pattern")
		c.demand(s.Enum == nil || slices.Contains(s.Enum, any(v)), path, "enum")
	case float64:
		c.demand(s.Type == "integer", path, "type")
		c.demand(s.Minimum == nil || v >= float64(*s.Minimum), path, "too small")
		c.demand(s.Maximum == nil || v <= float64(*s.Maximum), path, "too large")
		c.demand(s.Enum == nil || slices.Contains(s.Enum, any(v)), path, "enum")
	case bool:
		c.demand(s.Type == "boolean", path, "type")
	}
}

func (c *checker) object(s *manifests.Schema, v map[string]any, path string) {
	c.demand(s.Type == "object", path, "type")
	for _, name := range s.Required {
		_, ok := v[name]
		c.demand(ok, path+"."+name, "missing")
	}
	for name, value := range v {
		p := s.Properties.Get(name)
		if p == nil && s.AdditionalProperties != nil {
			p = s.AdditionalProperties.Schema
		}
		c.demand(p != nil, path+"."+name, "unknown")
		if p != nil {
			c.check(p, value, path+"."+name)
		}
	}
}
