package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"fairlead.dev/fairlead/api/v1alpha1"
	"fairlead.dev/fairlead/manifests"
)

func (c *client) newExplain() *cobra.Command {
	var recursive bool
	command := &cobra.Command{
		Use:   "explain KIND[.FIELD...]",
		Short: "Say what the fields of a manifest mean",
		Example: `  fairlead explain route.spec.tls
  fairlead explain route.spec.rules.timeouts
  fairlead explain issuer.spec.ca
  fairlead explain route --recursive`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			return completePaths(word), cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
		},
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) != 1 {
				return usage(command, "name one field, such as route.spec.tls")
			}
			return c.explain(args[0], recursive)
		},
	}
	command.Flags().BoolVar(&recursive, "recursive", false, "only the names and types, of all fields below")
	return command
}

func (c *client) explain(path string, recursive bool) error {
	root, field, object, err := walkSchema(path)
	if err != nil {
		return err
	}
	c.printf("KIND:     %s\nVERSION:  %s\n\n", root.Title, v1alpha1.GroupVersion)
	if field != root {
		last := path[strings.LastIndexByte(path, '.')+1:]
		c.printf("FIELD:    %s <%s>\n\n", last, typeWords(field))
	}
	c.printf("DESCRIPTION:\n%s\n", wrap(field.Description, 4))
	if limits := limitWords(field); limits != "" {
		c.printf("%s\n", wrap(limits, 4))
	}
	if len(object.Properties) == 0 {
		return nil
	}
	c.printf("\nFIELDS:\n")
	if recursive {
		c.printTree(root, object, "  ", nil)
		return nil
	}
	for _, p := range object.Properties {
		c.printField(object, p)
	}
	return nil
}

// walkSchema finds the field at path, and the object that it is, or is a list
// of, in the schema root of the kind that path starts with.
func walkSchema(path string) (root, field, object *manifests.Schema, err error) {
	words := strings.Split(path, ".")
	k := kindNamed(words[0])
	if k == nil {
		return nil, nil, nil, no("%q: there is no such kind, only %s; write route.spec, for example", words[0], strings.Join(kindNames(), ", "))
	}
	root = manifests.SchemaOf(k.name)
	field, object = root, root
	for i, word := range words[1:] {
		word, _, _ = strings.Cut(word, "[")
		field = object.Properties.Get(word)
		if field == nil {
			return nil, nil, nil, no("%s has no field %q%s", strings.Join(words[:i+1], "."), word, fieldList(object))
		}
		object = elementOf(root, field)
	}
	return root, field, object, nil
}

func fieldList(s *manifests.Schema) string {
	if len(s.Properties) == 0 {
		return ", nor any other"
	}
	names := make([]string, len(s.Properties))
	for i, p := range s.Properties {
		names[i] = p.Name
	}
	return "; there are " + strings.Join(names, ", ")
}

// elementOf is the schema of an object, or of the items of a list.
func elementOf(root, s *manifests.Schema) *manifests.Schema {
	if s.Items != nil {
		s = s.Items
	}
	return s.Resolve(root)
}

func (c *client) printField(object *manifests.Schema, p manifests.Property) {
	required := ""
	if slices.Contains(object.Required, p.Name) {
		required = " -required-"
	}
	c.printf("  %s <%s>%s\n", p.Name, typeWords(p.Schema), required)
	if limits := limitWords(p.Schema); limits != "" {
		c.printf("%s\n", wrap(limits, 4))
	}
	c.printf("%s\n\n", wrap(p.Description, 4))
}

// printTree prints the fields below s. A type that stands in itself is not
// followed twice.
func (c *client) printTree(root, s *manifests.Schema, indent string, above []*manifests.Schema) {
	if slices.Contains(above, s) {
		return
	}
	for _, p := range s.Properties {
		c.printf("%s%s <%s>\n", indent, p.Name, typeWords(p.Schema))
		c.printTree(root, elementOf(root, p.Schema), indent+"  ", append(slices.Clip(above), s))
	}
}

// typeWords is "string", "[]Rule", "map[string]string".
func typeWords(s *manifests.Schema) string {
	switch {
	case s.Ref != "":
		return s.Ref[strings.LastIndexByte(s.Ref, '/')+1:]
	case s.Items != nil:
		return "[]" + typeWords(s.Items)
	case s.Type == "object" && s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil:
		return "map[string]" + typeWords(s.AdditionalProperties.Schema)
	}
	return s.Type
}

// limitWords says what values there may be.
func limitWords(s *manifests.Schema) string {
	var words []string
	if s.Const != "" {
		words = append(words, "always "+s.Const)
	}
	if s.Enum != nil {
		words = append(words, "one of "+enumWords(s.Enum))
	}
	for _, bound := range []struct {
		n     *int
		words string
	}{
		{s.Minimum, "minimum %d"}, {s.Maximum, "maximum %d"}, {s.MinItems, "items: minimum %d"},
		{s.MaxItems, "items: maximum %d"}, {s.MaxLength, "characters: maximum %d"},
	} {
		if bound.n != nil {
			words = append(words, fmt.Sprintf(bound.words, *bound.n))
		}
	}
	if len(words) == 0 {
		return ""
	}
	return "(" + strings.Join(words, "; ") + ")"
}

func enumWords(values []any) string {
	words := make([]string, len(values))
	for i, v := range values {
		words[i] = fmt.Sprint(v)
	}
	return strings.Join(words, ", ")
}

// wrap breaks text into lines of at most 80 characters.
func wrap(text string, indent int) string {
	blank := strings.Repeat(" ", indent)
	var lines []string
	line := blank
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > 80 && line != blank {
			lines = append(lines, line)
			line = blank
		}
		if line != blank {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}

// completePaths completes the last word of a path for the shell.
func completePaths(word string) []string {
	parent := word[:max(0, strings.LastIndexByte(word, '.'))]
	_, _, object, err := walkSchema(parent)
	if err != nil {
		return kindNames()
	}
	var paths []string
	for _, p := range object.Properties {
		paths = append(paths, parent+"."+p.Name)
	}
	return paths
}
