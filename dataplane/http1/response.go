package http1

import (
	"cmp"

	"fairlead.dev/fairlead/dataplane/message"
)

// Response is an answer's head. It may be used again, as a Request may.
type Response struct {
	Minor  int
	Status int
	Reason []byte
	Fields []Field

	// Body is how the body ends; Length is its length where it is Length.
	Body   Framing
	Length int64
	// KeepAlive: the connection may be used again after the body.
	KeepAlive bool

	// MaxFields bounds the fields; 0 means DefaultFields.
	MaxFields int

	// empty: the answer could have a body and has none.
	empty bool
}

// Parse parses the head of an answer to a request with this method. Every fault
// has the Status 502.
func (r *Response) Parse(head []byte, method string) error {
	err := r.parse(head, method)
	if e, ok := err.(*Error); ok && e.Status != 502 {
		return &Error{502, e.Section, e.Message}
	}
	return err
}

func (r *Response) parse(head []byte, method string) error {
	*r = Response{Fields: r.Fields[:0], MaxFields: r.MaxFields}
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
	return r.readFields(method)
}

// parseLine parses the status line. The space before an empty reason may be
// missing, as some servers have it.
func (r *Response) parseLine(line []byte) error {
	if len(line) < len("HTTP/1.1 200") || line[8] != ' ' {
		return errStatusLine
	}
	minor, err := parseVersion(line[:8])
	if err != nil {
		return err
	}
	r.Minor = minor
	for _, b := range line[9:12] {
		if b < '0' || b > '9' {
			return errStatusLine
		}
		r.Status = 10*r.Status + int(b-'0')
	}
	if r.Status < 100 || r.Status > 599 {
		return errStatusCode
	}
	if rest := line[12:]; len(rest) > 0 {
		if rest[0] != ' ' {
			return errStatusLine
		}
		r.Reason = rest[1:]
	}
	if !message.Only(r.Reason, message.Value) {
		return errControl
	}
	return nil
}

// readFields finds the body's framing (section 6.3).
func (r *Response) readFields(method string) error {
	f, err := readFraming(r.Fields, r.Minor)
	if err != nil {
		return err
	}
	r.KeepAlive = r.Minor == 1
	for i := range r.Fields {
		if r.Fields[i].Is("connection") {
			if hasToken(r.Fields[i].Value, "close") {
				r.KeepAlive = false
			} else if r.Minor == 0 && hasToken(r.Fields[i].Value, "keep-alive") {
				r.KeepAlive = true
			}
		}
	}
	bodyless := r.Status < 200 || r.Status == 204
	switch {
	case bodyless && (f.chunked || f.length > 0):
		return errNoBody
	case bodyless || r.Status == 304 || method == "HEAD":
	case f.chunked:
		r.Body = Chunked
	case f.hasLength:
		r.Length = f.length
		if r.empty = f.length == 0; !r.empty {
			r.Body = Length
		}
	default:
		r.Body, r.KeepAlive = UntilClose, false
	}
	return nil
}
