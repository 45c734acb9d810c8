// Package http2 is HTTP/2 (RFC 9113) for a proxy: Conn serves a client's
// connection, Client is one to an Endpoint. Field blocks are decoded by
// golang.org/x/net/http2/hpack; nothing else is of a library.
//
// # The way of a request
//
//	input       one goroutine of a connection, its reader, reads into one buffer
//	            and cuts frames out of it in place
//	link        what both sides share: it takes frames in (reader.go), and has the
//	            streams, the windows and the mutex for all of it
//	block       decodes a field block and says whether it is a head or trailers
//	Conn        starts a Stream for a head: a Stream has a goroutine that serves one
//	            request after another, so that its stack is grown and its slabs are
//	            there
//	Stream      what the Handler sees; stream is what both sides' streams share
//	encoder     writes field blocks, without keeping strings that it was lent
//	lingering   what is left of a stream whose answer ended before its request
//	output      what streams send is appended to one buffer. Another goroutine
//	            writes: woken by the first append, it yields once, so that what
//	            other streams have to say goes out in the same write
//
// # What bounds it
//
// Received and unread content is bounded by the windows (credit), which come
// back as it is read. What waits to be sent is bounded by maxWrite for DATA and
// twice that for heads. A stream counts until its Handler has returned if it was
// reset (CVE-2023-44487), and while it lingers. What a client may do in vain is
// counted in limits, by tick; there is no timer per request: the tick looks at
// what waits since when.
//
// # Faults
//
// A fault is an *Error: of one stream, which is reset, or of the connection
// (Error.Conn), which ends with GOAWAY. The reader's functions return them, and
// take and end act on them. A message that is malformed (section 8.1.1) never
// reaches a Handler.
package http2
