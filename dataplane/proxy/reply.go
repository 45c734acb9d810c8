package proxy

import (
	"errors"
	"net/http"
	"time"

	"fairlead.dev/fairlead/dataplane/message"
)

// reply answers in the data plane's own name.
func (x *exchange) reply(status int, why string) {
	x.beginReply(status, why)
	x.endReply()
}

func (x *exchange) beginReply(status int, why string) {
	x.record.Error = why
	x.answer = message.Response{Status: status, Fields: x.answer.Fields[:0]}
	if status == http.StatusServiceUnavailable {
		x.answer.Fields.Add("Retry-After", "1")
	}
	x.answer.Fields.Add("Content-Type", "text/plain; charset=utf-8")
	x.answer.Fields.Add("X-Content-Type-Options", "nosniff")
}

// endReply sends what beginReply has made.
func (x *exchange) endReply() {
	x.replyWith(http.StatusText(x.answer.Status) + ": " + x.record.Error + "\n")
}

// replyWith sends x.answer with a body of our own.
func (x *exchange) replyWith(body string) {
	x.record.Status = x.answer.Status
	x.harden()
	x.answer.Length = int64(len(body))
	x.answer.Fields.Set("Date", httpDate(x.began))
	if err := x.client.head(&x.answer); err != nil {
		x.abort(whyClientGone)
		return
	}
	if x.in.Method == http.MethodHead {
		body = ""
	}
	x.sent += int64(len(body))
	if err := x.client.finish([]byte(body), nil); err != nil {
		x.abort(whyClientGone)
	}
}

// httpDate returns a date as RFC 9110 section 5.6.7 wants it.
func httpDate(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// abort cuts the client off, so that what it has is not taken for a whole answer.
func (x *exchange) abort(why string) {
	x.record.Error = why
	x.client.abort()
}

// replyToFault answers a request whose body is not as it should be, or cuts the
// client off that sent only a part of it.
func (x *exchange) replyToFault() {
	var fault *bodyError
	if err := x.body.fault(); errors.As(err, &fault) {
		x.reply(fault.status, fault.why)
		return
	}
	x.record.Status = statusClientGone
	x.abort(whyClientGone)
}
