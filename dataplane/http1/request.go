package http1

import (
	"bytes"
	"cmp"

	"fairlead.dev/fairlead/dataplane/message"
)

// DefaultFields is how many fields a head may have where nothing else is said.
const DefaultFields = 100

// Request is a request's head. A Request may be used again for the next one:
// Parse keeps the room for Fields. All slices point into the head.
type Request struct {
	Method, Target []byte
	// Minor is the version: HTTP/1.Minor.
	Minor  int
	Fields []Field
	// Host is the field's value, or the target's authority where that has one
	// (section 3.2.2). It is empty only in HTTP/1.0.
	Host []byte
	// Path and Query are parts of Target: the path as it stands there, "*" for
	// OPTIONS *, empty for CONNECT; the query without the question mark.
	Path, Query []byte
	HasQuery    bool

	// Body is NoBody, Length or Chunked; Length is the body's where it is Length.
	Body   Framing
	Length int64
	// KeepAlive: the client wants to go on with the connection.
	KeepAlive bool
	// ExpectContinue: the client waits for 100 before it sends the body.
	ExpectContinue bool

	// MaxFields bounds the fields; 0 means DefaultFields.
	MaxFields int
}

// Parse parses a head, with the empty line that ends it (see HeadEnd).
func (r *Request) Parse(head []byte) error {
	*r = Request{Fields: r.Fields[:0], MaxFields: r.MaxFields}
	line, rest, err := cutLine(head)
	if err != nil {
		return err
	}
	if err := r.parseLine(line); err != nil {
		return err
	}
	if r.Fields, err = parseFields(r.Fields, rest, cmp.Or(r.MaxFields, DefaultFields)); err != nil {
		return err
	}
	if err := r.readFields(); err != nil {
		return err
	}
	return r.readTarget()
}

// parseLine parses the request line: single spaces, nothing more.
func (r *Request) parseLine(line []byte) error {
	first := bytes.IndexByte(line, ' ')
	last := bytes.LastIndexByte(line, ' ')
	if first <= 0 || last <= first+1 || last == len(line)-1 {
		return errRequestLine
	}
	r.Method, r.Target = line[:first], line[first+1:last]
	if !message.Only(r.Method, message.Token) {
		return errMethod
	}
	if !message.Only(r.Target, message.Target) {
		return errTarget
	}
	var err error
	r.Minor, err = parseVersion(line[last+1:])
	return err
}

func parseVersion(v []byte) (minor int, err error) {
	if len(v) != len("HTTP/1.1") || string(v[:5]) != "HTTP/" || v[6] != '.' || v[7] < '0' || v[7] > '9' {
		return 0, errVersion
	}
	if v[5] != '1' {
		return 0, errMajorVersion
	}
	if v[7] > '1' {
		return 0, errVersion
	}
	return int(v[7] - '0'), nil
}

// readFields takes in what the connection itself depends on.
func (r *Request) readFields() error {
	f, err := readFraming(r.Fields, r.Minor)
	if err != nil {
		return err
	}
	switch {
	case f.chunked:
		r.Body = Chunked
	case f.length > 0:
		r.Body, r.Length = Length, f.length
	}
	r.KeepAlive = r.Minor == 1
	hosts := 0
	for i := range r.Fields {
		switch field := &r.Fields[i]; {
		case field.Is("host"):
			r.Host = field.Value
			hosts++
		case field.Is("connection"):
			if hasToken(field.Value, "close") {
				r.KeepAlive = false
			}
		case field.Is("expect"):
			if !equalFold(field.Value, "100-continue") {
				return errExpect
			}
			r.ExpectContinue = r.Minor == 1
		}
	}
	if hosts > 1 || hosts == 0 && r.Minor == 1 {
		return errHost
	}
	if !message.Only(r.Host, message.Authority) {
		return errHostValue
	}
	return nil
}

// readTarget splits the target by its form (section 3.2).
func (r *Request) readTarget() error {
	switch {
	case string(r.Method) == "CONNECT":
		if bytes.IndexByte(r.Target, ':') <= 0 || !message.Only(r.Target, message.Authority) {
			return errTargetForm
		}
		r.Host = r.Target
		return nil
	case r.Target[0] == '/':
		r.split(r.Target)
		return nil
	case len(r.Target) == 1 && r.Target[0] == '*':
		if string(r.Method) != "OPTIONS" {
			return errTargetForm
		}
		r.Path = r.Target
		return nil
	}
	return r.readAbsolute()
}

// readAbsolute reads the absolute form: its authority goes before Host.
func (r *Request) readAbsolute() error {
	rest := r.Target
	switch {
	case len(rest) > 7 && equalFold(rest[:7], "http://"):
		rest = rest[7:]
	case len(rest) > 8 && equalFold(rest[:8], "https://"):
		rest = rest[8:]
	default:
		return errTargetForm
	}
	end := bytes.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	if end == 0 || !message.Only(rest[:end], message.Authority) {
		return errHostValue
	}
	r.Host = rest[:end]
	if rest = rest[end:]; len(rest) > 0 && rest[0] == '#' {
		return errTarget
	}
	r.split(rest)
	if len(r.Path) == 0 {
		r.Path = slash
	}
	return nil
}

var slash = []byte("/")

func (r *Request) split(target []byte) {
	r.Path = target
	if i := bytes.IndexByte(target, '?'); i >= 0 {
		r.Path, r.Query, r.HasQuery = target[:i], target[i+1:], true
	}
}
