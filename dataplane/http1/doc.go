// Package http1 is the grammar of HTTP/1.1 messages (RFC 9112), strictly: what
// can be read in two ways is refused, because a proxy and an origin that read
// one message differently let a client smuggle another one past the proxy.
//
// Everything is parsed in place. A head is a piece of the caller's buffer, and
// Fields point into it; parsing one allocates nothing once its Fields have room.
// Bodies are never held: Chunks follows the framing of a chunked body through
// whatever pieces arrive and says which bytes are data.
//
//	HeadEnd          where a head ends in a buffer, if it does
//	Request.Parse    a request's head, with how its body is framed
//	Response.Parse   an answer's head, likewise; it depends on the request
//	Chunks.Next      a chunked body, piece by piece
//
// Stricter than RFC 9112 demands, and so on purpose:
//
//   - a line ends with CR LF; a bare LF or CR is refused (section 2.2)
//   - obsolete line folding is refused (section 5.2)
//   - one Content-Length, of digits only (RFC 9110 section 8.6)
//   - Transfer-Encoding is "chunked", once, in HTTP/1.1, and never beside
//     Content-Length (sections 6.1 and 6.3)
//   - a request has exactly one Host (section 3.2)
package http1
