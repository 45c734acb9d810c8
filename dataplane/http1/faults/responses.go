package faults

import "strings"

// Response is an answer that is none.
type Response struct {
	// Name is what is wrong.
	Name, Bytes string
	// Whole says that the fault is seen before anything of the answer has to be
	// passed on, so that the client gets 502; else its answer is cut off.
	Whole   bool
	Section string
}

// Responses are what an Endpoint answers to have the client read two answers, or
// what is just wrong.
var Responses = []Response{
	{"no status line", "hello\r\n\r\n", true, "RFC 9112 4"},
	{"another protocol", "SSH-2.0-OpenSSH_9.6\r\n\r\n", true, "RFC 9112 4"},
	{"HTTP/2 in a head of HTTP/1", "HTTP/2.0 200 OK\r\n\r\n", true, "RFC 9112 2.3"},
	{"a status of two digits", "HTTP/1.1 20 OK\r\n\r\n", true, "RFC 9112 4"},
	{"a status of four digits", "HTTP/1.1 2000 OK\r\n\r\n", true, "RFC 9112 4"},
	{"a status of letters", "HTTP/1.1 2xx OK\r\n\r\n", true, "RFC 9112 4"},
	{"a status that no class has", "HTTP/1.1 999 What\r\n\r\n", true, "RFC 9110 15"},
	{"a bare LF", "HTTP/1.1 200 OK\nContent-Length: 0\n\n", true, "RFC 9112 2.2"},
	{"a bare CR in a field", "HTTP/1.1 200 OK\r\nX: a\rb\r\nContent-Length: 0\r\n\r\n", true, "RFC 9110 5.5"},
	{"NUL in a field", "HTTP/1.1 200 OK\r\nX: a\x00b\r\nContent-Length: 0\r\n\r\n", true, "RFC 9110 5.5"},
	{"a folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n", true, "RFC 9112 5.2"},
	{"a space before the colon", "HTTP/1.1 200 OK\r\nX : a\r\nContent-Length: 0\r\n\r\n", true, "RFC 9112 5.1"},
	{"a field without a colon", "HTTP/1.1 200 OK\r\nX\r\nContent-Length: 0\r\n\r\n", true, "RFC 9112 5"},
	{"too many fields", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 101) + "\r\n", true, "RFC 6585 5"},
	{"two Content-Lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", true, "RFC 9110 8.6"},
	{"a list of Content-Lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\na", true, "RFC 9110 8.6"},
	{"a signed Content-Length", "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\na", true, "RFC 9110 8.6"},
	{"Content-Length beside Transfer-Encoding", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true, "RFC 9112 6.1"},
	{"another Transfer-Encoding", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", true, "RFC 9112 6.1"},
	{"Transfer-Encoding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true, "RFC 9112 6.1"},
	{"a 204 with a body", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", true, "RFC 9112 6.3"},
	{"an interim answer with a body", "HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\nhello", true, "RFC 9112 6.3"},
	{"an endless head", "HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 2<<20) + "\r\n\r\n", true, "RFC 9110 5.4"},
	{"a head that ends early", "HTTP/1.1 200 OK\r\nContent-Le", true, "RFC 9112 8"},
	{"a chunk's size that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\nhello\r\n0\r\n\r\n", false, "RFC 9112 7.1"},
	{"a chunk that is longer than it says", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n0\r\n\r\n", false, "RFC 9112 7.1"},
	{"chunks that end early", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false, "RFC 9112 8"},
	{"a body that is shorter than it says", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", false, "RFC 9112 8"},
}
