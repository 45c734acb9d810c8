package source

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"fairlead.dev/fairlead/api/v1alpha1"
)

// MaxSize is how long one document may be, in bytes: what a swarm config holds.
const MaxSize = 1000 * 1024

// Document is one document of a manifest.
type Document struct {
	// Route, Issuer or Certificate is the object, with its defaults, after its Kind;
	// all are nil where there are Mistakes. What is Fairlead's to write (status,
	// generation) is not in it.
	Route       *v1alpha1.Route
	Issuer      *v1alpha1.Issuer
	Certificate *v1alpha1.Certificate
	// Kind, Namespace and Name say which object it is, as far as they could be
	// read, also where there is no object.
	Kind, Namespace, Name string
	// Raw is this document's own text.
	Raw []byte
	// Source is the file's name, and Line where the document starts in it.
	Source string
	Line   int
	// Mistakes say why it did not decode.
	Mistakes Mistakes

	lines map[string]int // of field paths
}

// Key is "namespace/name", or "name" where there is no namespace.
func (d *Document) Key() string {
	return v1alpha1.ObjectMeta{Namespace: d.Namespace, Name: d.Name}.Key()
}

// LineOf is the line in Source of the field at path, or of the nearest field
// around it that is there.
func (d *Document) LineOf(path string) int {
	for path != "" {
		if line, ok := d.lines[path]; ok {
			return line
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return d.Line
}

// Decode reads all documents in data; name stands in the Mistakes for the file.
// It returns every document, also those that did not decode, and all Mistakes
// of all documents as the error.
func Decode(name string, data []byte) ([]Document, error) {
	var documents []Document
	var all Mistakes
	for _, part := range split(data) {
		d := Document{Raw: part.text, Source: name, Line: part.line, lines: map[string]int{}}
		if !decodeDocument(&d) {
			continue
		}
		documents = append(documents, d)
		all = append(all, d.Mistakes...)
	}
	return documents, all.err()
}

// Identify reads which objects the documents in data are, and no more: there are
// no objects, and Mistakes only where a document does not say which object it is.
func Identify(name string, data []byte) []Document {
	var documents []Document
	for _, part := range split(data) {
		d := Document{Raw: part.text, Source: name, Line: part.line, lines: map[string]int{}}
		root, ok := d.begin()
		if !ok {
			continue
		}
		if root != nil && (d.Kind == "" || d.Name == "") {
			d.check(root)
		}
		documents = append(documents, d)
	}
	return documents
}

// decodeDocument fills d in from its Raw. It is false for an empty document.
func decodeDocument(d *Document) bool {
	root, ok := d.begin()
	if root == nil {
		return ok
	}
	d.check(root)
	if len(d.Mistakes) == 0 {
		d.fill()
	}
	return true
}

// begin reads which object d is. The root is nil where there is no more to read,
// and ok false for an empty document.
func (d *Document) begin() (root *yaml.Node, ok bool) {
	if len(d.Raw) > MaxSize {
		d.mistake(d.Line, "", "is %d bytes long; a document may have %d", len(d.Raw), MaxSize)
		return nil, true
	}
	root, ok = d.parse()
	if !ok {
		return nil, len(d.Mistakes) > 0
	}
	d.Line = root.Line + d.Line - 1
	if root.Kind != yaml.MappingNode {
		d.mistake(d.Line, "", "is %s, must be an object with apiVersion, kind, metadata and spec", describe(root))
		return nil, true
	}
	d.identify(root)
	return root, true
}

// check notes what is wrong with the shape of d.
func (d *Document) check(root *yaml.Node) {
	if d.checkKind(root) {
		w := walker{document: d, offset: d.Line - root.Line, budget: maxNodes}
		w.walk(root, kinds[d.Kind].of, "", 0)
		d.Mistakes.sort()
	}
}

// parse reads Raw into a tree. It is false where there is none: for a text that
// is no YAML, which is a Mistake, or that is empty, which is not.
func (d *Document) parse() (*yaml.Node, bool) {
	var root yaml.Node
	decoder := yaml.NewDecoder(strings.NewReader(string(d.Raw)))
	if err := decoder.Decode(&root); err != nil {
		if !errors.Is(err, io.EOF) {
			d.syntax(err)
		}
		return nil, false
	}
	if err := decoder.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
		d.syntax(cmp.Or(err, errSecond))
	}
	if len(root.Content) == 0 || isNull(root.Content[0]) {
		return nil, false
	}
	return root.Content[0], len(d.Mistakes) == 0
}

var errSecond = errors.New("did not find expected <document start>")

// plainer puts what the parser says into words that help.
var plainer = map[string]string{
	errSecond.Error(): "a second document starts here: separate documents with a line of ---",
	"found character that cannot start any token":    "a character that cannot stand here: indent with blanks, not tabs, and quote text that starts with @ or `",
	"mapping values are not allowed in this context": "a colon where none can stand: check the indentation, and quote text that contains \": \"",
}

var syntaxLine = regexp.MustCompile(`^yaml: line (\d+): `)

// syntax notes what the parser says, which counts lines from the document's start.
func (d *Document) syntax(err error) {
	message, line := err.Error(), d.Line
	if m := syntaxLine.FindStringSubmatch(message); m != nil {
		n, _ := strconv.Atoi(m[1])
		line += n - 1
		message = message[len(m[0]):]
	}
	message = strings.TrimPrefix(message, "yaml: ")
	d.mistake(line, "", "is no YAML: %s", cmp.Or(plainer[message], message))
}

func (d *Document) mistake(line int, path, format string, args ...any) {
	d.Mistakes = append(d.Mistakes, Mistake{Source: d.Source, Line: line, Path: path, Message: fmt.Sprintf(format, args...)})
}
