package http2

import (
	"errors"
	"fmt"
)

// ErrorCode is why a stream or a connection ended (RFC 9113 section 7).
type ErrorCode uint32

// The codes of RFC 9113 section 7.
const (
	NoError            ErrorCode = 0x0
	ProtocolError      ErrorCode = 0x1
	InternalError      ErrorCode = 0x2
	FlowControlError   ErrorCode = 0x3
	SettingsTimeout    ErrorCode = 0x4
	StreamClosed       ErrorCode = 0x5
	FrameSizeError     ErrorCode = 0x6
	RefusedStream      ErrorCode = 0x7
	Cancel             ErrorCode = 0x8
	CompressionError   ErrorCode = 0x9
	ConnectError       ErrorCode = 0xa
	EnhanceYourCalm    ErrorCode = 0xb
	InadequateSecurity ErrorCode = 0xc
	HTTP11Required     ErrorCode = 0xd
)

var codeNames = [...]string{
	"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR",
	"REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
}

// String returns the name that the RFC gives a code.
func (c ErrorCode) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("error code 0x%x", uint32(c))
}

// Error is how a stream or a whole connection failed by HTTP/2's own rules.
type Error struct {
	Code ErrorCode
	// Reason says what was found, with the section where the rule stands.
	Reason string
	// Conn: the connection failed, not only one stream.
	Conn bool
	// Remote: the peer said so.
	Remote bool

	unprocessed bool
	cause       error
}

// Unwrap returns what ended the connection, where that is not of HTTP/2's rules.
func (e *Error) Unwrap() error { return e.cause }

// Error returns the code and the reason.
func (e *Error) Error() string {
	what, who := "stream", ""
	if e.Conn {
		what = "connection"
	}
	if e.Remote {
		who = " by the peer"
	}
	s := fmt.Sprintf("http2 %s ended%s: %s", what, who, e.Code)
	if e.Reason != "" {
		s += ": " + e.Reason
	}
	return s
}

// Is makes errors.Is(err, ErrNotProcessed) true where that is so.
func (e *Error) Is(target error) bool { return target == ErrNotProcessed && e.unprocessed }

// Errors that a caller may branch on.
var (
	// ErrNotProcessed: the peer surely did not process the request, so that it may
	// be sent again elsewhere (RFC 9113 section 8.7). Use errors.Is.
	ErrNotProcessed = errors.New("the request was not processed")
	// ErrInterrupted is what the calls of an interrupted ClientStream return.
	ErrInterrupted = errors.New("the stream was interrupted")
	// ErrTimeout: nothing came, or nothing could be sent, for too long.
	ErrTimeout = errors.New("the stream made no progress for too long")
	// ErrEnded is returned by calls that come after the end of what they write, or
	// in an order that no message has.
	ErrEnded = errors.New("the message has ended or not begun")
	// ErrClosed: the connection was closed on this side.
	ErrClosed = errors.New("the connection was closed")
	// ErrField: a field cannot be written as it is: its name is no token, or its
	// value has bytes that no value has. Nothing was written.
	ErrField = errors.New("a field that cannot be written")
)

var errGone = &Error{Code: Cancel, Reason: "the connection was closed", Conn: true, Remote: true}

var errReset = &Error{Code: Cancel, Reason: "reset on this side"}

// unsent is the error of streams whose heads were not written before the
// connection failed with err.
func unsent(err error) error {
	return &Error{Code: RefusedStream, Reason: "the connection ended before: " + err.Error(), Conn: true, unprocessed: true, cause: err}
}

// The faults of connections and streams are values, so that a flood of them
// costs no memory. connFault ends a connection, streamFault one stream.
func connFault(code ErrorCode, reason string) *Error {
	return &Error{Code: code, Reason: reason, Conn: true}
}

func streamFault(code ErrorCode, reason string) *Error { return &Error{Code: code, Reason: reason} }

var (
	errPreface       = connFault(ProtocolError, "no connection preface (3.4)")
	errFirstSettings = connFault(ProtocolError, "the first frame is no SETTINGS (3.4)")
	errFrameSize     = connFault(FrameSizeError, "a frame has the wrong size (4.2)")
	errCompression   = connFault(CompressionError, "a field block cannot be decoded (4.3)")
	errContinuation  = connFault(ProtocolError, "a field block is not continued (6.10)")
	errStreamZero    = connFault(ProtocolError, "the wrong kind of frame for stream 0, or for a stream (5.1.1)")
	errStreamID      = connFault(ProtocolError, "a stream identifier that the peer cannot use (5.1.1)")
	errIdle          = connFault(ProtocolError, "a frame on an idle stream (5.1)")
	errClosedStream  = connFault(StreamClosed, "a frame on a closed stream (5.1)")
	errPadding       = connFault(ProtocolError, "more padding than payload (6.1)")
	errPush          = connFault(ProtocolError, "a PUSH_PROMISE (8.4)")
	errSettings      = connFault(ProtocolError, "a setting with a value that it cannot have (6.5.2)")
	errSettingWindow = connFault(FlowControlError, "an initial window that is too large (6.5.2)")
	errAnyWindow     = connFault(FlowControlError, "the connection's window overflows (6.9.1)")
	errAnyIncrement  = connFault(ProtocolError, "a window update of 0 (6.9)")
	errAnyExcess     = connFault(FlowControlError, "more data than the connection's window allows (6.9)")
	errDepends       = connFault(ProtocolError, "an idle stream depends on itself (RFC 7540 5.3.1)")

	errHeaderTime   = connFault(EnhanceYourCalm, "a field block took too long")
	errSettingsTime = connFault(SettingsTimeout, "no SETTINGS came")
	errWriteTime    = connFault(EnhanceYourCalm, "the peer does not read")
	errCalm         = connFault(EnhanceYourCalm, "too many frames that lead to nothing")
	errBlockSize    = connFault(EnhanceYourCalm, "a field block without end")

	errMalformed = streamFault(ProtocolError, "a malformed message (8.1.1)")
	errTooLong   = streamFault(EnhanceYourCalm, "the fields are too long or too many")
	errLength    = streamFault(ProtocolError, "the body is not as long as Content-Length says (8.1.1)")
	errDepend    = streamFault(ProtocolError, "a stream depends on itself (RFC 7540 5.3.1)")
	errHalf      = streamFault(StreamClosed, "a frame after END_STREAM (5.1)")
	errIncrement = streamFault(ProtocolError, "a window update of 0 (6.9)")
	errWindow    = streamFault(FlowControlError, "the stream's window overflows (6.9.1)")
	errExcess    = streamFault(FlowControlError, "more data than the stream's window allows (6.9)")
	errTrailers  = streamFault(ProtocolError, "fields after the head that do not end the stream (8.1)")
	errInterim   = streamFault(EnhanceYourCalm, "too many interim answers")
	errRefused   = streamFault(RefusedStream, "too many streams (5.1.2)")
)
