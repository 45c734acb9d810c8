package main

import (
	"strconv"
	"strings"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/manifests"
)

// constrain puts validate tags into s, as far as JSON Schema has words for them.
func constrain(s *manifests.Schema, tags string) {
	for _, tag := range strings.Split(tags, ",") {
		tag, param, _ := strings.Cut(tag, "=")
		switch tag {
		case "oneof":
			s.Enum = enum(s.Type, strings.Fields(param))
		case "eq":
			s.Const = param
		case "unique":
			s.UniqueItems = true
		case "startswith":
			s.Pattern = "^" + param
		case "min":
			bound(s, param, &s.MinLength, &s.MinItems, &s.Minimum)
		case "max":
			bound(s, param, &s.MaxLength, &s.MaxItems, &s.Maximum)
		default:
			if p := v1alpha1.Pattern(tag); p != "" {
				s.Pattern = p
			}
		}
	}
}

// bound sets the one of length, items and number that fits the type of s.
func bound(s *manifests.Schema, param string, length, items, number **int) {
	n, err := strconv.Atoi(param)
	if err != nil {
		panic("schema: the bound " + param + " is no number")
	}
	switch s.Type {
	case "string":
		*length = &n
	case "array":
		*items = &n
	default:
		*number = &n
	}
}

func enum(of string, words []string) []any {
	values := make([]any, len(words))
	for i, w := range words {
		values[i] = w
		if n, err := strconv.Atoi(w); err == nil && of == "integer" {
			values[i] = n
		}
	}
	return values
}
