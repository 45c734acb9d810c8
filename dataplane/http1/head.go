package http1

import (
	"bytes"

	"fairlead.dev/fairlead/dataplane/message"
)

// Field is one field line. Name and Value point into the head; Value is without
// the white space around it.
type Field struct{ Name, Value []byte }

// Is says whether the field has this name, given in lower case.
func (f *Field) Is(lower string) bool { return equalFold(f.Name, lower) }

// HeadEnd returns the length of the head at the start of buf, with the empty
// line that ends it, or -1 where it is not whole yet. from is how much of buf
// was looked at before, so that no byte is looked at twice. A line that ends
// without CR ends the search with an error.
func HeadEnd(buf []byte, from int) (int, error) {
	for at := max(0, from-3); ; {
		i := bytes.IndexByte(buf[at:], '\n')
		if i < 0 {
			return -1, nil
		}
		at += i
		if at == 0 || buf[at-1] != '\r' {
			return -1, errLineEnd
		}
		if at >= 3 && buf[at-2] == '\n' {
			return at + 1, nil
		}
		at++
	}
}

// cutLine returns the first line, without its CR LF, and what follows it.
func cutLine(head []byte) (line, rest []byte, err error) {
	end := bytes.IndexByte(head, '\n')
	if end < 1 || head[end-1] != '\r' {
		return nil, nil, errLineEnd
	}
	return head[:end-1], head[end+1:], nil
}

// parseFields parses field lines up to the empty line, which ends head. It
// appends to fields, and refuses more than limit in all.
func parseFields(fields []Field, head []byte, limit int) ([]Field, error) {
	for len(head) > 2 {
		line, rest, err := cutLine(head)
		if err != nil {
			return fields, err
		}
		f, err := parseField(line)
		if err != nil {
			return fields, err
		}
		if len(fields) >= limit {
			return fields, errTooManyFields
		}
		fields = append(fields, f)
		head = rest
	}
	if len(head) != 2 || head[0] != '\r' || head[1] != '\n' {
		return fields, errLineEnd
	}
	return fields, nil
}

func parseField(line []byte) (Field, error) {
	if len(line) == 0 {
		return Field{}, errLineEnd
	}
	if line[0] == ' ' || line[0] == '\t' {
		return Field{}, errFolding
	}
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return Field{}, errNoColon
	}
	f := Field{Name: line[:colon], Value: trim(line[colon+1:])}
	if colon > 0 && (line[colon-1] == ' ' || line[colon-1] == '\t') {
		return Field{}, errFieldSpace
	}
	if colon == 0 || !message.Only(f.Name, message.Token) {
		return Field{}, errFieldName
	}
	if !message.Only(f.Value, message.Value) {
		return Field{}, errControl
	}
	return f, nil
}

// Framing says how the end of a body is found.
type Framing int

// The Framings.
const (
	// NoBody: there is none.
	NoBody Framing = iota
	// Length: as many bytes as Content-Length says.
	Length
	// Chunked: chunks, the last of which is empty.
	Chunked
	// UntilClose: an answer's body that ends with the connection.
	UntilClose
)

// framing is what the fields say of a body, before the message's kind counts.
type framing struct {
	length    int64
	hasLength bool
	chunked   bool
}

// readFraming takes Content-Length and Transfer-Encoding in, each at most once
// and never both.
func readFraming(fields []Field, minor int) (framing, error) {
	var f framing
	for i := range fields {
		switch field := &fields[i]; {
		case field.Is("content-length"):
			if f.hasLength {
				return f, errTwoLengths
			}
			n, ok := message.ParseLength(field.Value)
			if !ok {
				return f, errLength
			}
			f.length, f.hasLength = n, true
		case field.Is("transfer-encoding"):
			switch {
			case minor == 0:
				return f, errEncodingOld
			case f.chunked:
				return f, errEncodingTwice
			case !equalFold(field.Value, "chunked"):
				return f, errEncoding
			}
			f.chunked = true
		}
	}
	if f.chunked && f.hasLength {
		return f, errBothFramings
	}
	return f, nil
}

// hasToken looks for a token, in lower case, in a comma-separated list.
func hasToken(list []byte, token string) bool {
	for len(list) > 0 {
		item := list
		if i := bytes.IndexByte(list, ','); i >= 0 {
			item, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		if equalFold(trim(item), token) {
			return true
		}
	}
	return false
}
