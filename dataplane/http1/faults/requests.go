// Package faults is what must not get through a proxy: requests by which clients
// smuggle others past it, answers by which Endpoints do, and what is just wrong.
// It is for tests, of the grammar and of the engine that uses it.
package faults

import "strings"

// Request is a request's head, and where it matters its body.
type Request struct {
	// Name is what is wrong.
	Name, Bytes string
	// Status is the answer that is due, Section where that stands.
	Status  int
	Section string
}

// Requests are what clients send to be read in two ways, or what is just wrong.
var Requests = []Request{
	// Lines.
	{"a bare LF ends the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400, "RFC 9112 2.2"},
	{"a bare LF ends a field line", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400, "RFC 9112 2.2"},
	{"a bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "RFC 9112 2.2"},
	{"a bare CR in a field's value", "GET / HTTP/1.1\r\nHost: a\r\nX: y\rz\r\n\r\n", 400, "RFC 9110 5.5"},
	{"a bare CR in the request line", "GET /\rX HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"a bare CR before the field's name", "GET / HTTP/1.1\r\n\rHost: a\r\n\r\n", 400, "RFC 9110 5.1"},
	{"CR CR LF", "GET / HTTP/1.1\r\r\nHost: a\r\n\r\n", 400, "RFC 9112 2.3"},
	{"obsolete folding with a space", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400, "RFC 9112 5.2"},
	{"obsolete folding with a tab", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\tchunked\r\n\r\n", 400, "RFC 9112 5.2"},
	{"white space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "RFC 9112 5.2"},
	// Field names and values.
	{"a space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "RFC 9112 5.1"},
	{"a tab before the colon", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length\t: 5\r\n\r\n", 400, "RFC 9112 5.1"},
	{"a space within the name", "GET / HTTP/1.1\r\nHost: a\r\nX Y: z\r\n\r\n", 400, "RFC 9110 5.1"},
	{"no name", "GET / HTTP/1.1\r\nHost: a\r\n: z\r\n\r\n", 400, "RFC 9110 5.1"},
	{"no colon", "GET / HTTP/1.1\r\nHost: a\r\nXYZ\r\n\r\n", 400, "RFC 9112 5"},
	{"NUL in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\x00: z\r\n\r\n", 400, "RFC 9110 5.1"},
	{"NUL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n", 400, "RFC 9110 5.5"},
	{"DEL in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: \x7f\r\n\r\n", 400, "RFC 9110 5.5"},
	{"a vertical tab in a value", "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked\r\n\r\n", 400, "RFC 9110 5.5"},
	{"a form feed in a value", "GET / HTTP/1.1\r\nHost: a\r\nX: a\fb\r\n\r\n", 400, "RFC 9110 5.5"},
	{"a byte above ASCII in a name", "GET / HTTP/1.1\r\nHost: a\r\nX\xa0: z\r\n\r\n", 400, "RFC 9110 5.1"},
	{"parentheses in a name", "GET / HTTP/1.1\r\nHost: a\r\nX(y): z\r\n\r\n", 400, "RFC 9110 5.1"},
	{"too many fields", "GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("X: y\r\n", 100) + "\r\n", 431, "RFC 6585 5"},
	// The request line.
	{"no version", "GET /\r\nHost: a\r\n\r\n", 400, "RFC 9112 3"},
	{"two spaces after the method", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"two spaces before the version", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"a space within the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"a tab for a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3"},
	{"an empty method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3"},
	{"a method that is no token", "G@T / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9110 9.1"},
	{"a colon in the method", "GET: / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9110 9.1"},
	{"white space after the version", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400, "RFC 9112 3"},
	{"HTTP/2.0 in a head of HTTP/1", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "RFC 9110 15.6.6"},
	{"HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505, "RFC 9110 15.6.6"},
	{"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 400, "RFC 9112 2.3"},
	{"HTTP/1.01", "GET / HTTP/1.01\r\nHost: a\r\n\r\n", 400, "RFC 9112 2.3"},
	{"http in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 2.3"},
	{"HTTP/1,1", "GET / HTTP/1,1\r\nHost: a\r\n\r\n", 400, "RFC 9112 2.3"},
	{"an empty line before the request", "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3"},
	// Targets.
	{"a target without a slash", "GET index.html HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"a NUL in the target", "GET /\x00 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"a byte above ASCII in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"* with GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"the absolute form of another scheme", "GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"the absolute form without a host", "GET http:///x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9110 7.2"},
	{"an authority with user information", "GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9110 7.2"},
	{"CONNECT without a port", "CONNECT a HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"CONNECT with a path", "CONNECT /x HTTP/1.1\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	// Host.
	{"no Host", "GET / HTTP/1.1\r\nX: y\r\n\r\n", 400, "RFC 9112 3.2"},
	{"two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "RFC 9112 3.2"},
	{"two equal Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400, "RFC 9112 3.2"},
	{"a space in Host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "RFC 9110 7.2"},
	{"a slash in Host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "RFC 9110 7.2"},
	{"user information in Host", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "RFC 9110 7.2"},
	// Content-Length.
	{"two Content-Lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n", 400, "RFC 9110 8.6"},
	{"two equal Content-Lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n", 400, "RFC 9110 8.6"},
	{"a list of Content-Lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5\r\n\r\n", 400, "RFC 9110 8.6"},
	{"a signed Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\n", 400, "RFC 9110 8.6"},
	{"a negative Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400, "RFC 9110 8.6"},
	{"a hexadecimal Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5\r\n\r\n", 400, "RFC 9110 8.6"},
	{"an empty Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400, "RFC 9110 8.6"},
	{"a Content-Length that overflows", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400, "RFC 9110 8.6"},
	{"a Content-Length with a space in it", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5 5\r\n\r\n", 400, "RFC 9110 8.6"},
	// Transfer-Encoding.
	{"Content-Length beside Transfer-Encoding", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "RFC 9112 6.1"},
	{"Transfer-Encoding beside Content-Length", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400, "RFC 9112 6.1"},
	{"Transfer-Encoding beside Content-Length 0", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n", 400, "RFC 9112 6.1"},
	{"two Transfer-Encodings", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "RFC 9112 6.1"},
	{"chunked twice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", 501, "RFC 9112 6.1"},
	{"chunked is not the last", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", 501, "RFC 9112 6.1"},
	{"gzip before chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501, "RFC 9112 6.1"},
	{"identity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n", 501, "RFC 9112 6.1"},
	{"a misspelt chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", 501, "RFC 9112 6.1"},
	{"chunked in quotes", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"\r\n\r\n", 501, "RFC 9112 6.1"},
	{"an empty Transfer-Encoding", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\n\r\n", 501, "RFC 9112 6.1"},
	{"chunked with a parameter", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1\r\n\r\n", 501, "RFC 9112 6.1"},
	{"Transfer-Encoding in HTTP/1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "RFC 9112 6.1"},
	// Expect.
	{"an unknown expectation", "POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n", 417, "RFC 9110 10.1.1"},
	// Chunks.
	{"a chunk size of no digits", chunked + "\r\n\r\n", 400, "RFC 9112 7.1"},
	{"a chunk size with a sign", chunked + "+1\r\na\r\n0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"a chunk size with 0x", chunked + "0x1\r\na\r\n0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"a chunk size that overflows", chunked + "fffffffffffffffff\r\n", 400, "RFC 9112 7.1"},
	{"a space before the chunk size", chunked + " 1\r\na\r\n0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"a chunk size with a bare LF", chunked + "1\na\r\n0\r\n\r\n", 400, "RFC 9112 2.2"},
	{"a chunk that is longer than it says", chunked + "1\r\nab\r\n0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"a chunk that ends with a bare LF", chunked + "1\r\na\n0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"a chunk that ends with a bare CR", chunked + "1\r\na\r0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"an extension with a control character", chunked + "1;a=\x01\r\na\r\n0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"an extension with a bare CR", chunked + "1;a=\rb\r\na\r\n0\r\n\r\n", 400, "RFC 9112 7.1"},
	{"an endless extension", chunked + "1;" + strings.Repeat("a", 300) + "\r\na\r\n0\r\n\r\n", 400, "RFC 9112 7.1.1"},
	{"a trailer without a colon", chunked + "0\r\nXYZ\r\n\r\n", 400, "RFC 9112 5"},
	{"a folded trailer", chunked + "0\r\nX: y\r\n z\r\n\r\n", 400, "RFC 9112 5.2"},
	{"Content-Length as a trailer", chunked + "0\r\nContent-Length: 5\r\n\r\n", 400, "RFC 9112 7.1.2"},
	{"Transfer-Encoding as a trailer", chunked + "0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "RFC 9112 7.1.2"},
	{"Host as a trailer", chunked + "0\r\nHost: b\r\n\r\n", 400, "RFC 9112 7.1.2"},
	{"endless trailers", chunked + "0\r\n" + strings.Repeat("X: "+strings.Repeat("y", 1000)+"\r\n", 9) + "\r\n", 431, "RFC 9112 7.1.2"},
}

const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
