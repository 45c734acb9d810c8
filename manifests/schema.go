package manifests

import (
	"bytes"
	"encoding/json"
	"strings"
)

// Schema is a JSON Schema (draft 7), as far as we use it.
type Schema struct {
	Schema      string `json:"$schema,omitempty"`
	ID          string `json:"$id,omitempty"`
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
	// Ref is "#/definitions/NAME".
	Ref      string `json:"$ref,omitempty"`
	Type     string `json:"type,omitempty"`
	Format   string `json:"format,omitempty"`
	ReadOnly bool   `json:"readOnly,omitempty"`

	Const     string `json:"const,omitempty"`
	Enum      []any  `json:"enum,omitempty"`
	Pattern   string `json:"pattern,omitempty"`
	MinLength *int   `json:"minLength,omitempty"`
	MaxLength *int   `json:"maxLength,omitempty"`
	Minimum   *int   `json:"minimum,omitempty"`
	Maximum   *int   `json:"maximum,omitempty"`

	Items       *Schema `json:"items,omitempty"`
	MinItems    *int    `json:"minItems,omitempty"`
	MaxItems    *int    `json:"maxItems,omitempty"`
	UniqueItems bool    `json:"uniqueItems,omitempty"`

	Required   []string   `json:"required,omitempty"`
	Properties Properties `json:"properties,omitempty"`
	// AdditionalProperties is false, or the Schema of the values of a map.
	AdditionalProperties *Additional `json:"additionalProperties,omitempty"`

	Definitions map[string]*Schema `json:"definitions,omitempty"`
}

// Resolve follows s.Ref to one of the definitions of root.
func (s *Schema) Resolve(root *Schema) *Schema {
	if name, ok := strings.CutPrefix(s.Ref, "#/definitions/"); ok {
		return root.Definitions[name]
	}
	return s
}

// Additional is what other properties an object may have: none, or values of
// one Schema.
type Additional struct{ *Schema }

// MarshalJSON writes false where there is no Schema.
func (a *Additional) MarshalJSON() ([]byte, error) {
	if a.Schema == nil {
		return []byte("false"), nil
	}
	return json.Marshal(a.Schema)
}

// UnmarshalJSON reads false, or a Schema.
func (a *Additional) UnmarshalJSON(data []byte) error {
	if string(data) == "false" {
		return nil
	}
	return json.Unmarshal(data, &a.Schema)
}

// Property is one field of an object.
type Property struct {
	Name string
	*Schema
}

// Properties are the fields of an object, in the order of the Go type.
type Properties []Property

// Get returns the field of that name, or nil.
func (p Properties) Get(name string) *Schema {
	for _, property := range p {
		if property.Name == name {
			return property.Schema
		}
	}
	return nil
}

// MarshalJSON writes an object, in order.
func (p Properties) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	separator := byte('{')
	for _, property := range p {
		name, _ := json.Marshal(property.Name)
		value, err := json.Marshal(property.Schema)
		if err != nil {
			return nil, err
		}
		b.WriteByte(separator)
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
		separator = ','
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads an object, in order.
func (p *Properties) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return err
		}
		property := Property{Name: name.(string), Schema: &Schema{}}
		if err := d.Decode(property.Schema); err != nil {
			return err
		}
		*p = append(*p, property)
	}
	return nil
}
