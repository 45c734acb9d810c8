package proxy

import (
	"net/http"
	"net/textproto"
	"net/url"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/filter"
	"fairlead.dev/fairlead/dataplane/live"
)

// outgoing makes the request as every Endpoint of b gets it, but for its address
// and body.
func (x *exchange) outgoing(b *live.Backend) *http.Request {
	h := x.in.Header.Clone()
	upgrade := upgradeOf(h)
	if b.Protocol == snapshot.H2C {
		upgrade = "" // HTTP/2 has no such thing
	}
	trailers := hasToken(h["Te"], "trailers")
	removeHopByHop(h)
	if upgrade != "" {
		h["Connection"], h["Upgrade"] = []string{"Upgrade"}, []string{upgrade}
	}
	if trailers {
		h["Te"] = []string{"trailers"}
	}
	if _, ok := h["User-Agent"]; !ok {
		h["User-Agent"] = []string{""} // or net/http sends its own
	}
	x.forwarded(h)
	out := &http.Request{
		Method: x.in.Method, Host: x.in.Host, Header: h,
		URL:           &url.URL{Scheme: "http", Path: x.in.URL.Path, RawPath: x.in.URL.RawPath, RawQuery: x.in.URL.RawQuery, ForceQuery: x.in.URL.ForceQuery},
		ContentLength: x.in.ContentLength, Trailer: x.in.Trailer,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
	}
	x.filterRequest(out)
	return out
}

// filterRequest applies the Filters in their order.
func (x *exchange) filterRequest(out *http.Request) {
	for i := range x.filters {
		if m := x.filters[i].RequestHeaders; m != nil {
			filter.ModifyHeaders(requestHeaders{out}, m)
		}
		if r := x.filters[i].Rewrite; r != nil {
			if r.Hostname != "" {
				out.Host = r.Hostname
			}
			if r.Path != nil {
				setPath(out.URL, filter.Path(r.Path, x.path(), x.prefix()))
			}
		}
	}
}

// requestHeaders makes Host a header field like any other.
type requestHeaders struct{ r *http.Request }

func (h requestHeaders) Set(name, value string) {
	if name == "Host" {
		h.r.Host = value
		return
	}
	h.r.Header.Set(name, value)
}

func (h requestHeaders) Add(name, value string) {
	if name != "Host" {
		h.r.Header.Add(name, value)
	}
}

func (h requestHeaders) Del(name string) { h.r.Header.Del(name) }

// setPath sets a path as it goes on the wire.
func setPath(u *url.URL, raw string) {
	u.Path, u.RawPath = raw, ""
	if path, err := url.PathUnescape(raw); err == nil {
		u.Path, u.RawPath = path, raw
	}
}

// modifyResponse applies the Filters to the answer's head.
func (x *exchange) modifyResponse(h http.Header) {
	for i := range x.filters {
		if m := x.filters[i].ResponseHeaders; m != nil {
			filter.ModifyHeaders(h, m)
		}
	}
}

// hopByHop are the fields that are between two neighbours (RFC 9110 section
// 7.6.1), with those that are not in it and still are.
var hopByHop = []string{
	"Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authenticate", "Proxy-Authorization",
	"Te", "Trailer", "Transfer-Encoding", "Upgrade", "Http2-Settings",
}

func removeHopByHop(h http.Header) {
	for _, value := range h["Connection"] {
		for name := range strings.SplitSeq(value, ",") {
			if name = textproto.TrimString(name); name != "" {
				h.Del(name)
			}
		}
	}
	for _, name := range hopByHop {
		delete(h, name)
	}
}

// upgradeOf returns the protocol that a message wants to change to, or "". The
// change to h2c is not passed on: the requests that follow it would pass the
// data plane unseen.
func upgradeOf(h http.Header) string {
	if !hasToken(h["Connection"], "upgrade") || hasToken(h["Upgrade"], "h2c") {
		return ""
	}
	return h.Get("Upgrade")
}

// hasToken looks for a token in comma-separated lists.
func hasToken(values []string, token string) bool {
	for _, value := range values {
		for t := range strings.SplitSeq(value, ",") {
			if strings.EqualFold(textproto.TrimString(t), token) {
				return true
			}
		}
	}
	return false
}

// canBeSentAgain says whether a request does the same if it comes twice (RFC
// 9110 section 9.2.2), by its method or by its sender's word.
func canBeSentAgain(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return r.Header.Get("Idempotency-Key") != "" || r.Header.Get("X-Idempotency-Key") != ""
}

// onceMore says whether a request goes to another Endpoint though its connection
// broke: it is safe (RFC 9110 section 9.2.1), it has no body, and nothing of an
// answer came. It does so once, so that a request which kills whoever reads it
// does not kill them all.
func (x *exchange) onceMore(t *try) bool {
	if t.failure != reset || t.answered.Load() || x.sentOnceMore || hasBody(x.in) {
		return false
	}
	switch x.in.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		x.sentOnceMore = true
	}
	return x.sentOnceMore
}

// retryOf returns the Rule's retry; without one, nothing is retried but what may
// always be.
func (x *exchange) retryOf() *snapshot.Retry { return x.result.Rule.Spec.Retry }
