package http1

import (
	"net/http"
	"strconv"

	"fairlead.dev/fairlead/dataplane/message"
)

// AppendRequest appends the head of a request (RFC 9112 section 3), with Host
// first and the field that frames the body.
func AppendRequest(b []byte, r *message.Request) []byte {
	b = append(b, r.Method...)
	b = append(b, ' ')
	b = append(b, r.Path...)
	if r.HasQuery {
		b = append(b, '?')
		b = append(b, r.Query...)
	}
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, r.Host...)
	b = append(b, "\r\n"...)
	b = AppendFields(b, r.Fields)
	switch {
	case r.Length > 0 || r.Length == 0 && needsLength(r.Method):
		b = appendLength(b, r.Length)
	case r.Length == message.Unknown:
		b = append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	return append(b, "\r\n"...)
}

// needsLength says whether a request without a body says so: where the method
// anticipates one (RFC 9110 section 8.6).
func needsLength(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

// AppendStatus appends the status line.
func AppendStatus(b []byte, status int) []byte {
	b = append(b, "HTTP/1.1 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, http.StatusText(status)...)
	return append(b, "\r\n"...)
}

// AppendFields appends field lines.
func AppendFields(b []byte, f message.Fields) []byte {
	for i := range f {
		b = append(b, f[i].Name...)
		b = append(b, ": "...)
		b = append(b, f[i].Value...)
		b = append(b, "\r\n"...)
	}
	return b
}

func appendLength(b []byte, n int64) []byte {
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, n, 10)
	return append(b, "\r\n"...)
}

// AppendFraming appends the field that frames an answer's body: its length, or
// chunked where that is message.Unknown.
func AppendFraming(b []byte, length int64) []byte {
	if length == message.Unknown {
		return append(b, "Transfer-Encoding: chunked\r\n"...)
	}
	return appendLength(b, length)
}

// AppendChunk appends p as a chunk (section 7.1). An empty one is left out: it
// would end the body.
func AppendChunk(b, p []byte) []byte {
	if len(p) == 0 {
		return b
	}
	b = strconv.AppendInt(b, int64(len(p)), 16)
	b = append(b, "\r\n"...)
	b = append(b, p...)
	return append(b, "\r\n"...)
}

// AppendLastChunk appends the end of a chunked body.
func AppendLastChunk(b []byte, trailers message.Fields) []byte {
	b = append(b, "0\r\n"...)
	b = AppendFields(b, trailers)
	return append(b, "\r\n"...)
}

// IsTarget says whether s can stand in a request's target as it is.
func IsTarget(s string) bool {
	for i := range len(s) {
		if !message.In(s[i], message.Target) {
			return false
		}
	}
	return true
}

const upperHex = "0123456789ABCDEF"

// EscapeTarget escapes what cannot stand in a request's target (RFC 3986 section
// 2.1). Escapes that are there stay.
func EscapeTarget(s string) string {
	if IsTarget(s) {
		return s
	}
	b := make([]byte, 0, len(s)+8)
	for i := range len(s) {
		if c := s[i]; message.In(c, message.Target) {
			b = append(b, c)
		} else {
			b = append(b, '%', upperHex[c>>4], upperHex[c&15])
		}
	}
	return string(b)
}
