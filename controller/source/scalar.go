package source

import (
	"fmt"
	"reflect"
	"regexp"

	"go.yaml.in/yaml/v3"
)

var (
	// oldBool is what YAML 1.1 takes for true and false, beside those words.
	oldBool = regexp.MustCompile(`^([yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)$`)
	integer = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17})$`)
)

// scalarMessage says what is wrong with n where a value of kind is wanted, or "".
func scalarMessage(n *yaml.Node, kind reflect.Kind) string {
	var wanted string
	switch kind {
	case reflect.String:
		if isText(n) {
			return ""
		}
		wanted = "text"
		if n.Kind == yaml.ScalarNode {
			wanted = fmt.Sprintf(`text: write "%s", with quotes`, n.Value)
		}
	case reflect.Bool:
		if isPlain(n) && (n.Value == "true" || n.Value == "false") {
			return ""
		}
		wanted = "true or false"
	default:
		if isPlain(n) && integer.MatchString(n.Value) {
			return ""
		}
		wanted = "a whole number"
	}
	return fmt.Sprintf("is %s, must be %s", describe(n), wanted)
}

func isPlain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// isText says whether every reader takes n for text.
func isText(n *yaml.Node) bool {
	if n.Kind != yaml.ScalarNode || !isPlain(n) {
		return n.Kind == yaml.ScalarNode
	}
	return n.ShortTag() == "!!str" && !oldBool.MatchString(n.Value)
}

func isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" && isPlain(n)
}

// describe says what n is, to a person.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "an object"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if !isPlain(n) {
		return fmt.Sprintf("the text %q", n.Value)
	}
	switch n.ShortTag() {
	case "!!int", "!!float":
		return "the number " + n.Value
	case "!!bool":
		return "the value " + n.Value
	case "!!timestamp":
		return "the date " + n.Value
	case "!!null":
		return "empty"
	}
	if oldBool.MatchString(n.Value) {
		return fmt.Sprintf("%s, which YAML may read as true or false", n.Value)
	}
	return fmt.Sprintf("the text %q", n.Value)
}
