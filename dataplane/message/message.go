// Package message is an HTTP message as the engine sees it, whatever version of
// HTTP carries it: what RFC 9110 calls semantics. The packages http1 and http2
// turn bytes into it and back; routing, filters and balancing see nothing else.
//
// A message borrows its strings from the buffer that it was read into. They are
// good until the exchange ends that it belongs to; who keeps one longer clones
// it.
package message

// Request is a request's head.
type Request struct {
	Method string
	// Host is the authority: Host's value or :authority, with its port.
	Host string
	// Path is as on the wire, with escapes and without the query: "*" for OPTIONS
	// *, "" for CONNECT.
	Path string
	// Query is as on the wire, without the question mark. HasQuery tells "/?" from
	// "/".
	Query    string
	HasQuery bool
	// Protocol is "HTTP/1.0", "HTTP/1.1" or "HTTP/2.0".
	Protocol string
	// Fields are without Host, pseudo-header fields, Content-Length and
	// Transfer-Encoding.
	Fields Fields
	// Length is the body's, 0 where there is none and Unknown where it ends when
	// it ends.
	Length int64
	// ExpectContinue: the client waits for 100 before it sends the body. The field
	// is among Fields all the same.
	ExpectContinue bool
}

// Unknown is the Length of a body that is as long as it is.
const Unknown = -1

// HasBody says whether there is a body, perhaps an empty one.
func (r *Request) HasBody() bool { return r.Length != 0 }

// Response is an answer's head.
type Response struct {
	Status int
	// Fields are without Transfer-Encoding, and without Content-Length where
	// Length says it. The answer to HEAD and a 304 have a Content-Length among
	// Fields, which tells of another answer's body.
	Fields Fields
	// Length is as in Request.
	Length int64
}
