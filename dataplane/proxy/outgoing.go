package proxy

import (
	"net/http"
	"strings"

	"fairlead.dev/fairlead/api/snapshot"
	"fairlead.dev/fairlead/dataplane/filter"
	"fairlead.dev/fairlead/dataplane/http1"
	"fairlead.dev/fairlead/dataplane/live"
	"fairlead.dev/fairlead/dataplane/message"
)

// outgoing makes x.out, the request as every Endpoint of b gets it.
func (x *exchange) outgoing(b *live.Backend) {
	fields := x.out.Fields[:0]
	x.out = x.in
	for i := range x.in.Fields {
		f := &x.in.Fields[i]
		if !hopByHop(f.Name) && (x.peer.trusted || !wordOfPeer(f.Name)) {
			fields = append(fields, *f)
		}
	}
	removeNamed(&fields, x.in.Fields)
	if upgrade := x.upgradeTo(b); upgrade != "" {
		fields.Add("Connection", "Upgrade")
		fields.Add("Upgrade", upgrade)
	}
	if x.in.Fields.HasToken("TE", "trailers") {
		fields.Add("TE", "trailers")
		if b.Protocol != snapshot.H2C {
			fields.Add("Connection", "TE")
		}
	}
	x.out.Fields = x.forwarded(fields)
	x.filterRequest()
}

// upgradeTo is the protocol that the client wants to change to, if b can.
func (x *exchange) upgradeTo(b *live.Backend) string {
	if b.Protocol == snapshot.H2C {
		return "" // HTTP/2 has no such thing
	}
	return upgradeOf(x.in.Fields)
}

// upgradeOf returns the protocol that a message wants to change to, or "". The
// change to h2c is not passed on: the requests that follow it would pass the
// data plane unseen.
func upgradeOf(f message.Fields) string {
	if !f.HasToken("Connection", "upgrade") || f.HasToken("Upgrade", "h2c") {
		return ""
	}
	return f.Get("Upgrade")
}

// wordOfPeer says whether a field tells of the client, which only trusted peers
// may.
func wordOfPeer(name string) bool {
	switch len(name) {
	case 9:
		return message.EqualFold(name, "Forwarded") || message.EqualFold(name, "X-Real-IP")
	case 12:
		return message.EqualFold(name, "X-Request-ID")
	case 15:
		return message.EqualFold(name, "X-Forwarded-For")
	case 16:
		return message.EqualFold(name, "X-Forwarded-Host") || message.EqualFold(name, "X-Forwarded-Port")
	case 17:
		return message.EqualFold(name, "X-Forwarded-Proto")
	}
	return false
}

// forwarded adds the fields that tell the Endpoint of the client.
func (x *exchange) forwarded(f message.Fields) message.Fields {
	if !x.peer.trusted {
		return append(f,
			message.Field{Name: "X-Request-Id", Value: x.record.RequestID},
			message.Field{Name: "X-Forwarded-For", Value: x.peer.address},
			message.Field{Name: "X-Real-Ip", Value: x.peer.address},
			message.Field{Name: "X-Forwarded-Proto", Value: x.kind.String()},
			message.Field{Name: "X-Forwarded-Host", Value: x.in.Host})
	}
	f.Set("X-Request-Id", x.record.RequestID)
	f.Set("X-Forwarded-For", strings.Join(append(f.Values("X-Forwarded-For"), x.peer.address), ", "))
	setDefault(&f, "X-Real-Ip", x.address)
	setDefault(&f, "X-Forwarded-Proto", x.kind.String())
	setDefault(&f, "X-Forwarded-Host", x.in.Host)
	return f
}

func setDefault(f *message.Fields, name, value string) {
	if f.Get(name) == "" {
		f.Set(name, value)
	}
}

// filterRequest applies the Filters in their order.
func (x *exchange) filterRequest() {
	for i := range x.filters {
		if m := x.filters[i].RequestHeaders; m != nil {
			filter.ModifyHeaders(requestHeaders{&x.out}, m)
		}
		if r := x.filters[i].Rewrite; r != nil {
			if r.Hostname != "" {
				x.out.Host = r.Hostname
			}
			if r.Path != nil {
				x.out.Path = http1.EscapeTarget(filter.Path(r.Path, x.path(), x.prefix()))
			}
		}
	}
}

// requestHeaders makes Host a header field like any other.
type requestHeaders struct{ r *message.Request }

func (h requestHeaders) Set(name, value string) {
	if name == "Host" {
		h.r.Host = value
		return
	}
	h.r.Fields.Set(name, value)
}

func (h requestHeaders) Add(name, value string) {
	if name != "Host" {
		h.r.Fields.Add(name, value)
	}
}

func (h requestHeaders) Del(name string) { h.r.Fields.Del(name) }

// modifyAnswer applies the Filters to the answer's head.
func (x *exchange) modifyAnswer() {
	for i := range x.filters {
		if m := x.filters[i].ResponseHeaders; m != nil {
			filter.ModifyHeaders(&x.answer.Fields, m)
		}
		if c := x.filters[i].CORS; c != nil {
			filter.CORS(&x.answer.Fields, c, &x.in, false)
		}
	}
}

// corsOf returns the CORS among filters, or nil.
func corsOf(filters []snapshot.Filter) *snapshot.CORS {
	for i := range filters {
		if c := filters[i].CORS; c != nil {
			return c
		}
	}
	return nil
}

// canBeSentAgain says whether a request does the same if it comes twice (RFC
// 9110 section 9.2.2), by its method or by its sender's word.
func (x *exchange) canBeSentAgain() bool {
	switch x.in.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace, http.MethodPut, http.MethodDelete:
		return true
	}
	return x.in.Fields.Get("Idempotency-Key") != "" || x.in.Fields.Get("X-Idempotency-Key") != ""
}
