package source

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// kind is how objects of a kind are read.
type kind struct {
	of reflect.Type
	// fill decodes a Document whose shape is right.
	fill func(*Document) error
}

// kinds are those that people write.
var kinds = map[string]kind{
	v1alpha1.KindRoute:       {reflect.TypeFor[v1alpha1.Route](), fillRoute},
	v1alpha1.KindIssuer:      {reflect.TypeFor[v1alpha1.Issuer](), fillIssuer},
	v1alpha1.KindCertificate: {reflect.TypeFor[v1alpha1.Certificate](), fillCertificate},
}

// kindMessages say what is wrong with kinds that people may well write.
var kindMessages = map[string]string{
	"TCPRoute":        "TCPRoute is not supported yet: only Route, Issuer and Certificate are",
	"UDPRoute":        "UDPRoute is not supported yet: only Route, Issuer and Certificate are",
	"StatusReport":    "StatusReport is written by Fairlead and cannot be applied",
	"RouteList":       "RouteList is output only: write one Route a document, with lines of --- between them",
	"IssuerList":      "IssuerList is output only: write one Issuer a document, with lines of --- between them",
	"CertificateList": "CertificateList is output only: write one Certificate a document, with lines of --- between them",
	"HTTPRoute":       "HTTPRoute is Gateway API's: write kind: Route, with hosts for hostnames and backends for backendRefs",
	"TLSRoute":        "TLSRoute is Gateway API's: write kind: Route with tls.mode Passthrough",
}

// identify reads which object this is, as far as that can be seen.
func (d *Document) identify(root *yaml.Node) {
	d.Kind = text(field(root, "kind"))
	if metadata := field(root, "metadata"); metadata != nil {
		d.Name = text(field(metadata, "name"))
		d.Namespace = text(field(metadata, "namespace"))
	}
}

// checkKind says whether the rest should be read, as an object of its kind.
func (d *Document) checkKind(root *yaml.Node) bool {
	line := d.Line
	if n := field(root, "kind"); n != nil {
		line += n.Line - root.Line
	}
	if _, ok := kinds[d.Kind]; ok {
		d.checkVersion(root)
		return true
	}
	d.mistake(line, "kind", "%s", kindMessage(d.Kind))
	return false
}

func kindMessage(kind string) string {
	if kind == "" {
		return "is required: write kind: Route, kind: Issuer or kind: Certificate"
	}
	if message, ok := kindMessages[kind]; ok {
		return message
	}
	return fmt.Sprintf("is %q, must be Route, Issuer or Certificate", kind)
}

func (d *Document) checkVersion(root *yaml.Node) {
	n := field(root, "apiVersion")
	version := text(n)
	switch {
	case version == v1alpha1.GroupVersion:
	case n == nil:
		d.mistake(d.Line, "apiVersion", "is required: write apiVersion: %s", v1alpha1.GroupVersion)
	case strings.HasPrefix(version, v1alpha1.Group+"/"):
		d.mistake(d.Line+n.Line-root.Line, "apiVersion", "is %q, and this Fairlead knows only %s", version, v1alpha1.GroupVersion)
	default:
		d.mistake(d.Line+n.Line-root.Line, "apiVersion", "is %q, must be %s", version, v1alpha1.GroupVersion)
	}
}

// field is the value of a key of a mapping, or nil.
func field(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

// text is a scalar's, or "".
func text(n *yaml.Node) string {
	if n == nil || n.Kind != yaml.ScalarNode || isNull(n) {
		return ""
	}
	return n.Value
}
