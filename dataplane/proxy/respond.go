package proxy

import (
	"context"
	"io"
	"maps"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

// informer passes interim answers (1xx) on while a try waits for the final one.
// net/http calls it from a goroutine of its own.
type informer struct {
	mu   sync.Mutex // guards following
	w    http.ResponseWriter
	over bool
}

func (i *informer) inform(code int, header textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.over {
		return nil
	}
	h := i.w.Header()
	maps.Copy(h, http.Header(header))
	i.w.WriteHeader(code)
	clear(h)
	return nil
}

func (i *informer) stop() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.over = true
}

// respond gives the client the answer of an Endpoint.
func (x *exchange) respond(t *try) {
	res := t.response
	if res.StatusCode == http.StatusSwitchingProtocols {
		x.upgrade(t)
		return
	}
	defer res.Body.Close()
	x.record.Status = res.StatusCode
	x.head(res)
	x.w.WriteHeader(res.StatusCode)
	if res.ContentLength < 0 || len(res.Trailer) > 0 {
		x.flush() // what comes next may come late
	}
	if err := x.stream(res); err != nil {
		x.abort(x.whyBroken(res.Request.Context(), err))
	}
	x.trailers(res)
}

// head copies the head of the answer.
func (x *exchange) head(res *http.Response) {
	announced := make([]string, 0, len(res.Trailer))
	for name := range res.Trailer {
		announced = append(announced, name)
	}
	removeHopByHop(res.Header)
	h := x.w.Header()
	maps.Copy(h, res.Header)
	x.modifyResponse(h)
	if len(announced) > 0 {
		h["Trailer"] = []string{strings.Join(announced, ", ")}
	}
	if _, ok := h["Content-Type"]; !ok {
		h["Content-Type"] = nil // or net/http guesses one
	}
}

func (x *exchange) flush() { _ = x.rc.Flush() }

// buffers are for the bodies of answers.
var buffers = sync.Pool{New: func() any { return new([32 << 10]byte) }}

// stream copies the body of the answer. Each read is flushed, but for the last
// one of a body of known length, which goes with the end of the exchange.
func (x *exchange) stream(res *http.Response) error {
	if res.ContentLength == 0 || x.in.Method == http.MethodHead {
		return nil
	}
	buf := buffers.Get().(*[32 << 10]byte)
	defer buffers.Put(buf)
	for {
		n, err := res.Body.Read(buf[:])
		if n > 0 {
			if _, werr := x.w.Write(buf[:n]); werr != nil {
				return clientError{werr}
			}
			if x.out.Add(int64(n)) != res.ContentLength && err == nil {
				x.flush()
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// clientError is a failure on the client's side.
type clientError struct{ error }

// whyBroken puts the end of a broken answer in words.
func (x *exchange) whyBroken(ctx context.Context, err error) string {
	if _, ok := err.(clientError); ok || x.clientGone() {
		return "the client went away"
	}
	if cause := context.Cause(ctx); cause == errRequestTimeout || cause == errTryTimeout {
		return cause.Error()
	}
	return "the endpoint broke the connection within its answer"
}

// trailers copies the trailers, announced or not.
func (x *exchange) trailers(res *http.Response) {
	h := x.w.Header()
	for name, values := range res.Trailer {
		if h.Get("Trailer") != "" && announced(h, name) {
			h[name] = values
		} else {
			h[http.TrailerPrefix+name] = values
		}
	}
}

func announced(h http.Header, name string) bool { return hasToken(h["Trailer"], name) }

// lateBody is how long a client may go on sending what nobody waits for.
const lateBody = 5 * time.Second

// endBody ends the reading of a request's body before net/http takes the
// connection back: an Endpoint may have answered without waiting for the body,
// and the transport still reads it. What is missing has a while to come, as it
// may be under way and the connection good for another request. net/http must
// not be the one to find the body's end: after the handler has returned it would
// begin to wait for the client's leaving there, beside its own wait for the next
// request, and panic. Nothing is read where the client still waits for 100: the
// reading would send it.
func (x *exchange) endBody() {
	if x.in.ProtoMajor != 1 {
		return
	}
	expecting := x.body.count() == 0 && x.in.Header.Get("Expect") != ""
	if expecting && !x.body.waiting.Load() {
		return
	}
	_ = x.rc.SetReadDeadline(time.Now().Add(lateBody))
	x.body.end()
	_ = x.rc.SetReadDeadline(time.Time{})
}
