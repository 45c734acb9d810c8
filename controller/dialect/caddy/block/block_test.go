package block

import (
	"fmt"
	"strings"
	"testing"

	"fairlead.dev/fairlead/controller/dialect/labels"
)

func outline(b *Block, indent string) string {
	text := fmt.Sprintf("%s%s %q\n", indent, b.Name, b.Args)
	for _, k := range b.Kids {
		text += outline(k, indent+"  ")
	}
	return text
}

func TestLabelsAreATree(t *testing.T) {
	set := labels.NewSet(&labels.Service{Name: "web", Labels: map[string]string{
		"caddy":                          "example.com, www.example.com",
		"caddy.2_handle":                 "/b/*",
		"caddy.2_handle.reverse_proxy":   "{{upstreams 80}}",
		"caddy.1_handle.0_respond":       "`Hello  World` \"200 OK\" x",
		"caddy.encode":                   `{{""}}`,
		"caddy.route_0.a":                "1",
		"caddy.route_1.a":                "2",
		`caddy.header.X-\.dotted`:        "v",
		"caddy_1":                        "other.com",
		"caddy_1.reverse_proxy":          "{{ upstreams https 443 }} {{upstreams h2c}}",
		"caddy_ingress_network":          "front",
		"caddy_controlled_server.ignore": "x",
	}}, "caddy", func(string) bool { return true })
	var got strings.Builder
	for _, b := range Read(set) {
		got.WriteString(outline(b, ""))
	}
	want := `caddy ["example.com," "www.example.com"]
  handle []
    respond ["Hello  World" "200 OK" "x"]
  handle ["/b/*"]
    reverse_proxy ["upstreams://http:80"]
  encode []
  header []
    X-.dotted ["v"]
  route []
    a ["1"]
  route []
    a ["2"]
caddy_1 ["other.com"]
  reverse_proxy ["upstreams://https:443" "upstreams://h2c:"]
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
}

func TestATemplateThatIsNotKnownIsStrange(t *testing.T) {
	if args, strange := arguments("a {{.Spec.Name}} b"); args != nil || strange != "{{.Spec.Name}} b" {
		t.Errorf("%q, %q", args, strange)
	}
}
