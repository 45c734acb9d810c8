package source

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"fairlead.dev/fairlead/api/v1alpha1"
)

const head = "apiVersion: fairlead.dev/v1alpha1\nkind: Route\nmetadata: {name: demo}\n"

const good = head + `spec:
  hosts: [demo.local]
  backend: {service: demo, port: 8080}
`

const issuerHead = "apiVersion: fairlead.dev/v1alpha1\nkind: Issuer\nmetadata: {name: own}\n"

const goodIssuer = issuerHead + "spec:\n  selfSigned: {}\n"

func TestDecodeFillsDefaultsAndDropsWhatIsNotTheUsers(t *testing.T) {
	text := strings.Replace(good, "{name: demo}", "{name: demo, namespace: shop, generation: 7}", 1) + "status: {readyEndpoints: 3}\n"
	documents, err := Decode("route.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	d := documents[0]
	if d.Key() != "shop/demo" || d.Kind != "Route" || d.Line != 1 || string(d.Raw) != text {
		t.Errorf("got %+v", d)
	}
	r := d.Route
	if r.Spec.Backend.Protocol != v1alpha1.ProtocolHTTP || r.Metadata.Generation != 0 || r.Status != nil {
		t.Errorf("got %+v", r)
	}
}

func TestDecodeTellsEveryMistakeWithItsPlace(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"an unknown field", head + "spec:\n  hosts: [a]\n  rules:\n    - matchs: []\n",
			`f.yaml:7: spec.rules[0].matchs: unknown field (did you mean "matches"?)`},
		{"Gateway API's word for a field", head + "spec:\n  hostnames: [a]\n  rules:\n    - backendRefs: []\n",
			"f.yaml:5: spec.hostnames: unknown field (did you mean \"hosts\"?)\nf.yaml:7: spec.rules[0].backendRefs: unknown field (did you mean \"backends\"?)"},
		{"name for service", head + "spec:\n  backend: {name: x, port: 1}\n",
			`f.yaml:5: spec.backend.name: unknown field (did you mean "service"?)`},
		{"a field in the wrong case", head + "spec:\n  Hosts: [a]\n",
			`f.yaml:5: spec.Hosts: unknown field (did you mean "hosts"?)`},
		{"a field like no other", head + "spec:\n  tls: {certificate: x}\n",
			`f.yaml:5: spec.tls.certificate: unknown field: there are mode, secretRefs, issuerRef, minVersion, maxVersion, policy, cipherSuites, curves, hsts, redirect, clientAuth`},
		{"a field that stands there twice", head + "spec:\n  hosts: [a]\n  hosts: [b]\n",
			`f.yaml:6: spec.hosts: stands there twice, first at line 5`},
		{"a number for text", head + "spec:\n  hosts: [80]\n",
			`f.yaml:5: spec.hosts[0]: is the number 80, must be text: write "80", with quotes`},
		{"a word for text that older YAML takes for true", head + "spec:\n  hosts: [yes]\n",
			`f.yaml:5: spec.hosts[0]: is yes, which YAML may read as true or false, must be text: write "yes", with quotes`},
		{"text for a number", head + "spec:\n  backend: {service: a, port: '80'}\n",
			`f.yaml:5: spec.backend.port: is the text "80", must be a whole number`},
		{"an octal number", head + "spec:\n  backend: {service: a, port: 0100}\n",
			`f.yaml:5: spec.backend.port: is the number 0100, must be a whole number`},
		{"text for true", head + "spec:\n  tls: {redirect: 'true'}\n",
			`f.yaml:5: spec.tls.redirect: is the text "true", must be true or false`},
		{"one value for a list", head + "spec:\n  hosts: demo.local\n",
			`f.yaml:5: spec.hosts: is the text "demo.local", must be a list`},
		{"a list for an object", head + "spec:\n  backend:\n    - service: a\n",
			`f.yaml:6: spec.backend: is a list, must be an object with fields such as service, port, addresses`},
		{"an object that was begun and left empty", head + "spec:\n  hosts: [a]\n  tls:\n  rules:\n    -\n",
			"f.yaml:6: spec.tls: is empty: give it fields such as mode, secretRefs, issuerRef, or remove it\nf.yaml:8: spec.rules[0]: is empty: give it fields such as name, matches, filters, or remove it"},
		{"a number for a duration", head + "spec:\n  rules:\n    - timeouts: {request: 10}\n",
			`f.yaml:6: spec.rules[0].timeouts.request: 10 is no duration: write a string such as 10s`},
		{"an odd duration", head + "spec:\n  rules:\n    - timeouts: {request: 10d}\n",
			`f.yaml:6: spec.rules[0].timeouts.request: "10d" is no duration: write up to four numbers with the units h, m, s or ms, such as 10s or 1m30s`},
		{"a merge key", head + "spec:\n  <<: {hosts: [a]}\n",
			`f.yaml:5: spec: merge keys (<<) are not supported: write the fields out`},
		{"a tag", head + "spec:\n  hosts: !!binary aGk=\n",
			`f.yaml:5: spec.hosts: has the tag !!binary: tags are not supported`},
		{"text that is no YAML", head + "spec: {\n",
			`f.yaml:4: is no YAML: did not find expected node content`},
		{"a tab for indentation", head + "spec:\n\thosts: [a]\n",
			"f.yaml:5: is no YAML: a character that cannot stand here: indent with blanks, not tabs, and quote text that starts with @ or `"},
		{"no object at all", "hello\n",
			`f.yaml:1: is the text "hello", must be an object with apiVersion, kind, metadata and spec`},
		{"no kind", "apiVersion: fairlead.dev/v1alpha1\n",
			`f.yaml:1: kind: is required: write kind: Route, kind: Issuer or kind: Certificate`},
		{"a kind that is not there yet", "# hello\n\napiVersion: fairlead.dev/v1alpha1\nkind: TCPRoute\n",
			`f.yaml:4: kind: TCPRoute is not supported yet: only Route, Issuer and Certificate are`},
		{"a kind of Gateway API", "kind: HTTPRoute\n",
			`f.yaml:1: kind: HTTPRoute is Gateway API's: write kind: Route, with hosts for hostnames and backends for backendRefs`},
		{"a kind that nobody knows", "kind: Pod\n",
			`f.yaml:1: kind: is "Pod", must be Route, Issuer or Certificate`},
		{"an unknown field of an Issuer", issuerHead + "spec:\n  ca:\n    secretRefs: {}\n",
			`f.yaml:6: spec.ca.secretRefs: unknown field (did you mean "secretRef"?)`},
		{"a Route's field in an Issuer", issuerHead + "spec: {selfSigned: {}, hosts: [a]}\n",
			`f.yaml:4: spec.hosts: unknown field: there are selfSigned, ca, duration, renewBefore, privateKey`},
		{"a field where there is none", issuerHead + "spec: {selfSigned: {key: a}}\n",
			`f.yaml:4: spec.selfSigned.key: unknown field: there are none here`},
		{"an object without fields that was left empty", issuerHead + "spec:\n  selfSigned:\n",
			`f.yaml:5: spec.selfSigned: is empty: write {}, or remove it`},
		{"a word for an object without fields", issuerHead + "spec: {selfSigned: true}\n",
			`f.yaml:4: spec.selfSigned: is the value true, must be {}, which has no fields`},
		{"another version", strings.Replace(good, "v1alpha1", "v2", 1),
			`f.yaml:1: apiVersion: is "fairlead.dev/v2", and this Fairlead knows only fairlead.dev/v1alpha1`},
		{"a second document without a mark", good + "...\n" + good,
			`f.yaml:7: is no YAML: a second document starts here: separate documents with a line of ---`},
		{"mistakes in the second of three documents, and its neighbours decode", good + "---\n" + head + "spec: {hosts: a, x: b}\n---\n" + good,
			"f.yaml:11: spec.hosts: is the text \"a\", must be a list\nf.yaml:11: spec.x: unknown field: there are hosts, tls, backend, rules, loadBalancing, healthCheck, serviceCluster, infoHeaders, access"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			documents, err := Decode("f.yaml", []byte(tc.text))
			if diff := cmp.Diff(tc.want, fmt.Sprint(err)); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			for _, d := range documents {
				if (d.Route == nil && d.Issuer == nil && d.Certificate == nil) != (len(d.Mistakes) > 0) {
					t.Errorf("an object beside %v", d.Mistakes)
				}
			}
		})
	}
}

func TestDecodeSplitsDocuments(t *testing.T) {
	text := "# only a comment\n---\n" + good + "--- # and another\n" + good + "---\n"
	documents, err := Decode("f.yaml", []byte(text))
	if err != nil || len(documents) != 2 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	if documents[0].Line != 3 || documents[1].Line != 10 || string(documents[0].Raw) != good {
		t.Errorf("lines %d and %d, first %q", documents[0].Line, documents[1].Line, documents[0].Raw)
	}
}

func TestDecodeReadsWindowsLinesAndJSON(t *testing.T) {
	for _, text := range []string{
		"\xef\xbb\xbf" + strings.ReplaceAll(good+"---\n"+good, "\n", "\r\n"),
		`{"apiVersion":"fairlead.dev/v1alpha1","kind":"Route",` + "\n\t" + `"metadata":{"name":"a"},"spec":{"hosts":["a"],"backend":{"service":"a","port":1}}}`,
	} {
		if documents, err := Decode("f", []byte(text)); err != nil || documents[0].Route == nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAliasesAreFollowedWithinBounds(t *testing.T) {
	small := head + "spec:\n  hosts: [a]\n  rules:\n    - backends: [&b {service: a, port: 1}]\n    - {matches: [{path: {value: /x}}], backends: [*b]}\n"
	documents, err := Decode("f", []byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := documents[0].Route.Spec.Rules[1].Backends[0].Service; got != "a" {
		t.Errorf("the alias gave %q", got)
	}

	bomb := head + "spec:\n  rules:\n    - backends: &b [" + strings.Repeat("{service: a, port: 1}, ", 1000) + "]\n" + strings.Repeat("    - backends: *b\n", 1000)
	if _, err := Decode("f", []byte(bomb)); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Errorf("a million backends: %v", err)
	}

	loop := head + "spec:\n  backend: &b\n    filters: [{type: RequestMirror, requestMirror: {backend: *b}}]\n"
	if _, err := Decode("f", []byte(loop)); err == nil || !strings.Contains(err.Error(), "too deep") {
		t.Errorf("a loop: %v", err)
	}
}

func TestALongDocumentIsRefused(t *testing.T) {
	_, err := Decode("f", []byte(good+"#"+strings.Repeat("x", MaxSize)))
	if err == nil || !strings.Contains(err.Error(), "a document may have 1024000") {
		t.Error(err)
	}
}

func TestValidateGivesTheLine(t *testing.T) {
	documents, err := Decode("f.yaml", []byte("# intro\n"+head+"spec:\n  hosts:\n    - ok.local\n    - not ok\n  tls:\n    mode: Terminate\n  backend:\n    service: a\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := `f.yaml:8: spec.hosts[1]: "not ok" must be a host name without scheme, port or path: exact ("demo.local"), a suffix ("*.example.com") or "*"
f.yaml:9: spec.tls.secretRefs: is required with mode Terminate: name the Docker secrets of the certificate and its key, as in [{cert: demo.cert, key: demo.key}], or an Issuer with issuerRef
f.yaml:11: spec.backend.port: is required: the port that the tasks of service "a" listen on`
	if diff := cmp.Diff(want, documents[0].Validate().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeRouteTurnsMistakesIntoProblems(t *testing.T) {
	r, problems := DecodeRoute("config x", []byte(head+"spec: {host: a}\n"))
	want := []v1alpha1.Problem{{Path: "spec.host", Reason: "Invalid", Message: `unknown field (did you mean "hosts"?) (line 4 of the manifest)`, Rule: -1}}
	if diff := cmp.Diff(want, problems); diff != "" || r != nil {
		t.Errorf("%v (-want +got):\n%s", r, diff)
	}
	if r, problems := DecodeRoute("config x", []byte(good+"---\n"+good)); r != nil || len(problems) != 1 {
		t.Errorf("two documents: %v, %v", r, problems)
	}
	if r, problems := DecodeRoute("config x", []byte(head+"spec: {hosts: [a]}")); r == nil || len(problems) != 1 {
		t.Errorf("an invalid Route: %v, %v", r, problems)
	}
	if r, problems := DecodeRoute("config x", []byte(good)); r == nil || problems != nil {
		t.Errorf("a valid Route: %v, %v", r, problems)
	}
}

func TestAnIssuerIsDecodedWithItsDefaultsAndWithoutWhatIsNotTheUsers(t *testing.T) {
	text := strings.Replace(goodIssuer, "{name: own}", "{name: own, namespace: shop, generation: 7}", 1) + "status: {readyEndpoints: 3}\n"
	documents, err := Decode("f.yaml", []byte(text+"---\n"+good))
	if err != nil {
		t.Fatal(err)
	}
	d := documents[0]
	if d.Key() != "shop/own" || d.Kind != "Issuer" || d.Route != nil || documents[1].Issuer != nil || documents[1].Route == nil {
		t.Errorf("got %+v", documents)
	}
	i := d.Issuer
	if i.Spec.PrivateKey.Algorithm != v1alpha1.KeyECDSA || i.Spec.Duration == nil || i.Metadata.Generation != 0 || i.Status != nil {
		t.Errorf("got %+v", i)
	}
}

func TestACertificateIsDecodedAsStrictly(t *testing.T) {
	const head = "apiVersion: fairlead.dev/v1alpha1\nkind: Certificate\nmetadata: {name: mail, namespace: shop}\n"
	c, problems := DecodeCertificate("f.yaml", []byte(head+"spec: {dnsNames: [mail.local], issuerRef: own, duration: 3h}\nstatus: {readyEndpoints: 3}\n"))
	if c == nil || problems != nil || c.Metadata.Key() != "shop/mail" || c.Status != nil || c.Spec.RenewBefore.String() != "1h" {
		t.Errorf("got %+v, %v", c, problems)
	}
	if c, problems := DecodeCertificate("f.yaml", []byte(good)); c != nil || len(problems) != 1 {
		t.Errorf("a Route: %+v, %v", c, problems)
	}
	documents, err := Decode("f.yaml", []byte(head+"spec:\n  dnsNames: [mail.local]\n  issuerRef: {name: own}\n"))
	if err == nil || err.Error() != `f.yaml:6: spec.issuerRef: is an object, must be text` || documents[0].Certificate != nil {
		t.Errorf("got %+v, %v", documents, err)
	}
}

func TestIdentifyTellsTheKinds(t *testing.T) {
	documents := Identify("f.yaml", []byte(issuerHead+"spec: {caa: {}}\n---\n"+good))
	if len(documents) != 2 || documents[0].Kind != "Issuer" || documents[0].Name != "own" || documents[0].Mistakes != nil || documents[1].Kind != "Route" {
		t.Errorf("got %+v", documents)
	}
}

func TestValidateGivesTheLineInAnIssuer(t *testing.T) {
	documents, err := Decode("f.yaml", []byte(issuerHead+"spec:\n  ca:\n    secretRef:\n      cert: a\n  duration: 1h\n  renewBefore: 2h\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := `f.yaml:6: spec.ca.secretRef.key: is required
f.yaml:9: spec.renewBefore: is 2h0m0s, must be more than nothing and less than duration, which is 1h0m0s`
	if diff := cmp.Diff(want, documents[0].Validate().Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDecodeIssuerTurnsMistakesIntoProblems(t *testing.T) {
	for text, want := range map[string]string{
		issuerHead + "spec: {caa: {}}\n": `spec.caa: unknown field (did you mean "ca"?) (line 4 of the manifest)`,
		issuerHead + "spec: {}\n":        "spec: says not what signs: add selfSigned: {}, or ca",
		good:                             `kind: is "Route", must be Issuer (line 2 of the manifest)`,
		goodIssuer + "---\n" + good:      "holds 2 documents, must hold exactly one",
	} {
		if _, problems := DecodeIssuer("config x", []byte(text)); len(problems) != 1 || problems[0].String() != want {
			t.Errorf("%q: got %v, want %s", text, problems, want)
		}
	}
	if i, problems := DecodeIssuer("config x", []byte(goodIssuer)); i == nil || problems != nil {
		t.Errorf("a valid Issuer: %v, %v", i, problems)
	}
	if r, problems := DecodeRoute("config x", []byte(goodIssuer)); r != nil || len(problems) != 1 {
		t.Errorf("an Issuer for a Route: %v, %v", r, problems)
	}
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{good, good + "---\n" + good, goodIssuer, issuerHead + "spec: {ca: {secretRef: {cert: a}}, duration: 1h}", head + "spec: {hosts: [&a x, *a], <<: *a}", "--- [", "{\"a\":1}", "a: &a [*a]", "? {a: b}\n: c", "%YAML 1.2\n---\na: b\n...\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		documents, err := Decode("f", data)
		for _, d := range documents {
			if err == nil && (d.Route == nil) == (d.Issuer == nil) {
				t.Error("neither one object nor a Mistake")
			}
			for _, m := range d.Mistakes {
				if strings.Contains(m.Message, "does not decode") {
					t.Errorf("the tree was right, but: %s\n%s", m.Message, data)
				}
			}
			d.Validate()
		}
		DecodeRoute("f", data)
		DecodeIssuer("f", data)
	})
}

func BenchmarkDecodeRoute(b *testing.B) {
	for b.Loop() {
		DecodeRoute("f", []byte(good))
	}
}
