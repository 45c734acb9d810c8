package http1

import "fmt"

// Error says what is wrong with a message. A request with one is answered with
// Status and its connection closed; an answer with one becomes 502.
type Error struct {
	// Status is 400, 414, 431, 501 or 505.
	Status int
	// Section is where the rule stands, such as "RFC 9112 5.2".
	Section string
	// Message says what was found.
	Message string
}

// Error returns the message with its section.
func (e *Error) Error() string { return fmt.Sprintf("%s (%s)", e.Message, e.Section) }

// The faults of messages. They are values, so that a flood of faulty messages
// costs no memory.
var (
	errLineEnd       = &Error{400, "RFC 9112 2.2", "a line does not end with CR LF"}
	errControl       = &Error{400, "RFC 9110 5.5", "a control character"}
	errFolding       = &Error{400, "RFC 9112 5.2", "obsolete line folding"}
	errFieldName     = &Error{400, "RFC 9110 5.1", "a field's name is no token"}
	errFieldSpace    = &Error{400, "RFC 9112 5.1", "white space between a field's name and the colon"}
	errNoColon       = &Error{400, "RFC 9112 5", "a field without a colon"}
	errTooManyFields = &Error{431, "RFC 6585 5", "too many fields"}
	errRequestLine   = &Error{400, "RFC 9112 3", "the request line is not: method, target, version"}
	errMethod        = &Error{400, "RFC 9110 9.1", "the method is no token"}
	errTarget        = &Error{400, "RFC 9112 3.2", "the target has a character that no target has"}
	errTargetForm    = &Error{400, "RFC 9112 3.2", "the target has no form that fits the method"}
	errVersion       = &Error{400, "RFC 9112 2.3", "the version is not HTTP/1.0 or HTTP/1.1"}
	errMajorVersion  = &Error{505, "RFC 9110 15.6.6", "the version is not HTTP/1"}
	errHost          = &Error{400, "RFC 9112 3.2", "not exactly one Host"}
	errHostValue     = &Error{400, "RFC 9110 7.2", "the Host is no host and port"}
	errLength        = &Error{400, "RFC 9110 8.6", "the Content-Length is no number"}
	errTwoLengths    = &Error{400, "RFC 9110 8.6", "more than one Content-Length"}
	errBothFramings  = &Error{400, "RFC 9112 6.1", "Content-Length beside Transfer-Encoding"}
	errEncoding      = &Error{501, "RFC 9112 6.1", "a Transfer-Encoding other than chunked"}
	errEncodingTwice = &Error{400, "RFC 9112 6.1", "more than one Transfer-Encoding"}
	errEncodingOld   = &Error{400, "RFC 9112 6.1", "Transfer-Encoding in HTTP/1.0"}
	errExpect        = &Error{417, "RFC 9110 10.1.1", "an expectation other than 100-continue"}
	errStatusLine    = &Error{502, "RFC 9112 4", "the status line is not: version, status, reason"}
	errStatusCode    = &Error{502, "RFC 9110 15", "the status is not 100 to 599"}
	errNoBody        = &Error{502, "RFC 9112 6.3", "a body where the answer can have none"}
	errChunkSize     = &Error{400, "RFC 9112 7.1", "a chunk's size is no hexadecimal number"}
	errChunkLength   = &Error{400, "RFC 9112 7.1", "a chunk's size is too large"}
	errChunkEnd      = &Error{400, "RFC 9112 7.1", "a chunk does not end with CR LF"}
	errChunkLine     = &Error{400, "RFC 9112 7.1.1", "a chunk's extensions are too long or not well formed"}
	errTrailer       = &Error{400, "RFC 9112 7.1.2", "a trailer field that must not be one"}
	errTrailerLength = &Error{431, "RFC 9112 7.1.2", "the trailers are too long"}
)
