package http2

import (
	"strings"

	"golang.org/x/net/http2/hpack"

	"fairlead.dev/fairlead/dataplane/message"
)

// tableSize is the largest dynamic table, in both directions: what is allowed
// where nothing else was said (RFC 9113 section 6.5.2).
const tableSize = 4096

// The pseudo-header fields (RFC 9113 section 8.3), as bits of what was seen.
const (
	sawMethod = 1 << iota
	sawScheme
	sawAuthority
	sawPath
	sawStatus
	sawHost
	sawLength
	sawRegular
)

// block is a field block that is being decoded: a request's head, an answer's or
// trailers. A block is always decoded whole, whatever is wrong with it, because
// the next one depends on the table that this one leaves behind.
type block struct {
	dec                *hpack.Decoder
	maxBytes, maxCount int

	saw                                           uint8
	method, scheme, authority, path, status, host string
	length                                        int64
	lengthText                                    string
	fields                                        message.Fields
	cookies                                       int
	size, count                                   int
	malformed                                     bool
	// over is why it is refused: "header_bytes" or "header_count".
	over string
}

func (b *block) init(maxBytes, maxCount int) {
	b.dec = hpack.NewDecoder(tableSize, b.add)
	b.maxBytes, b.maxCount = maxBytes, maxCount
}

// decode decodes a whole block. Only a fault of compression is an error here.
func (b *block) decode(p []byte) error {
	b.saw, b.malformed, b.over = 0, false, ""
	b.method, b.scheme, b.authority, b.path, b.status, b.host = "", "", "", "", "", ""
	b.length, b.fields, b.cookies, b.size, b.count = message.Unknown, b.fields[:0], 0, 0, 0
	b.dec.SetEmitEnabled(true)
	if _, err := b.dec.Write(p); err != nil {
		return err
	}
	if err := b.dec.Close(); err != nil {
		return err
	}
	if b.cookies > 1 {
		b.joinCookies()
	}
	return nil
}

// add takes one field in.
func (b *block) add(f hpack.HeaderField) {
	b.size += len(f.Name) + len(f.Value) + 32
	b.count++
	switch {
	case b.size > b.maxBytes:
		b.over = "header_bytes"
	case b.count > b.maxCount+4: // with the pseudo-header fields
		b.over = "header_count"
	case len(f.Name) > 0 && f.Name[0] == ':':
		b.pseudo(f.Name, f.Value)
		return
	default:
		b.regular(f.Name, f.Value)
		return
	}
	b.dec.SetEmitEnabled(false)
}

// pseudo takes a pseudo-header field in: each at most once, none after a regular
// field, none but those that are defined (8.3).
func (b *block) pseudo(name, value string) {
	var bit uint8
	switch name {
	case ":method":
		b.method, bit = value, sawMethod
	case ":scheme":
		b.scheme, bit = value, sawScheme
	case ":authority":
		b.authority, bit = value, sawAuthority
	case ":path":
		b.path, bit = value, sawPath
	case ":status":
		b.status, bit = value, sawStatus
	}
	if bit == 0 || b.saw&(bit|sawRegular) != 0 {
		b.malformed = true
	}
	b.saw |= bit
}

// regular takes a field in. Those that are about the connection make a message
// malformed (8.2.2).
func (b *block) regular(name, value string) {
	b.saw |= sawRegular
	if name == "" || !message.Only(name, message.LowerToken) || !validValue(value) {
		b.malformed = true
		return
	}
	switch name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		b.malformed = true
		return
	case "te":
		if !message.EqualFold(value, "trailers") {
			b.malformed = true
		}
	case "content-length":
		n, ok := message.ParseLength(value)
		if !ok || b.saw&sawLength != 0 {
			b.malformed = true
		}
		b.saw |= sawLength
		b.length, b.lengthText = n, value
		return
	case "host":
		if b.saw&sawHost != 0 {
			b.malformed = true
		}
		b.saw |= sawHost
		b.host = value
	case "cookie":
		b.cookies++
	}
	b.fields = append(b.fields, message.Field{Name: name, Value: value})
}

// joinCookies makes one field of the crumbs of a cookie (8.2.3).
func (b *block) joinCookies() {
	var joined strings.Builder
	first := -1
	kept := b.fields[:0]
	for _, f := range b.fields {
		if f.Name != "cookie" {
			kept = append(kept, f)
			continue
		}
		if first < 0 {
			first = len(kept)
			kept = append(kept, f)
		} else {
			joined.WriteString("; ")
		}
		joined.WriteString(f.Value)
	}
	kept[first].Value = joined.String()
	b.fields = kept
}

// request says whether the block is a request's head, and fills r in. The slabs
// of their Fields change places.
func (b *block) request(r *message.Request) bool {
	if b.malformed || !b.requestLine(r) {
		return false
	}
	host := b.authority
	if b.saw&sawHost != 0 {
		if b.saw&sawAuthority == 0 {
			host = b.host
		} else if !message.EqualFold(host, b.host) {
			return false
		}
		b.fields.Del("host")
	}
	if host == "" || !message.Only(host, message.Authority) {
		return false
	}
	slab := r.Fields[:0]
	r.Method, r.Host, r.Protocol, r.Fields, r.Length = b.method, host, "HTTP/2.0", b.fields, b.length
	r.ExpectContinue = message.EqualFold(r.Fields.Get("expect"), "100-continue")
	b.fields = slab
	return true
}

// requestLine checks method, scheme and path (8.3.1, and 8.5 for CONNECT).
func (b *block) requestLine(r *message.Request) bool {
	if b.method == "" || !message.Only(b.method, message.Token) || b.saw&sawStatus != 0 {
		return false
	}
	r.Path, r.Query, r.HasQuery = b.path, "", false
	if b.method == "CONNECT" {
		return b.saw&(sawScheme|sawPath) == 0 && strings.IndexByte(b.authority, ':') > 0
	}
	if b.scheme == "" || !message.Only(b.scheme, message.Scheme) || b.path == "" || !message.Only(b.path, message.Target) {
		return false
	}
	if b.path[0] != '/' {
		return b.path == "*" && b.method == "OPTIONS"
	}
	r.Path, r.Query, r.HasQuery = strings.Cut(b.path, "?")
	return true
}

// response says whether the block is an answer's head (8.3.2), and its status.
func (b *block) response() (status int, ok bool) {
	if b.malformed || b.saw&(sawMethod|sawScheme|sawAuthority|sawPath) != 0 || len(b.status) != 3 {
		return 0, false
	}
	n, ok := message.ParseLength(b.status)
	return int(n), ok && n >= 100 && n <= 599 && n != 101
}

// trailers says whether the block has trailers only (8.1).
func (b *block) trailers() bool {
	return !b.malformed && b.saw&(sawMethod|sawScheme|sawAuthority|sawPath|sawStatus|sawLength|sawHost) == 0
}
