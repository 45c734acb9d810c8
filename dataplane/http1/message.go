package http1

import (
	"unsafe"

	"fairlead.dev/fairlead/dataplane/message"
)

// text lends bytes of a head as a string, which is good as long as they are.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

var versions = [...]string{"HTTP/1.0", "HTTP/1.1"}

// Message fills m in, whose strings borrow from the head.
func (r *Request) Message(m *message.Request) {
	*m = message.Request{
		Method: text(r.Method), Host: text(r.Host), Path: text(r.Path), Query: text(r.Query), HasQuery: r.HasQuery,
		Protocol: versions[r.Minor], Fields: m.Fields[:0], ExpectContinue: r.ExpectContinue, Length: r.Length,
	}
	if r.Body == Chunked {
		m.Length = message.Unknown
	}
	for i := range r.Fields {
		switch f := &r.Fields[i]; {
		case f.Is("host"), f.frames():
		default:
			m.Fields.Add(text(f.Name), text(f.Value))
		}
	}
}

// Message fills m in, whose strings borrow from the head.
func (r *Response) Message(m *message.Response) {
	*m = message.Response{Status: r.Status, Fields: m.Fields[:0], Length: r.Length}
	if r.Body == Chunked || r.Body == UntilClose {
		m.Length = message.Unknown
	}
	for i := range r.Fields {
		f := &r.Fields[i]
		if f.frames() && (!r.tellsLength() || f.Is("transfer-encoding")) {
			continue
		}
		m.Fields.Add(text(f.Name), text(f.Value))
	}
}

// tellsLength says whether Content-Length is of the body that the answer would
// have: to HEAD, and of a 304.
func (r *Response) tellsLength() bool {
	return r.Body == NoBody && !r.empty && r.Status >= 200 && r.Status != 204
}

// frames says whether the field tells where the body ends.
func (f *Field) frames() bool { return f.Is("content-length") || f.Is("transfer-encoding") }

// TrailerFields adds the trailers of a body that is Done to m.
func (c *Chunks) TrailerFields(m message.Fields) message.Fields {
	for i := range c.Trailers {
		m.Add(text(c.Trailers[i].Name), text(c.Trailers[i].Value))
	}
	return m
}
