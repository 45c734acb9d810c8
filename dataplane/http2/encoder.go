package http2

import (
	"hash/maphash"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/net/http2/hpack"

	"fairlead.dev/fairlead/dataplane/message"
)

// encoder writes field blocks (RFC 7541). It is not hpack.Encoder, because that
// keeps the strings it is given, and ours are lent: they point into buffers that
// are used again. It also decides better what is worth a place in the table.
//
// A field enters the dynamic table when it is met for the second time: what
// comes once only, such as an ETag, would push out what comes again.
type encoder struct {
	entries [tableSize / 32]entry
	// next is the number of entries ever made; number n lies at n % len(entries).
	// first is the oldest that is still there.
	first, next uint32
	size, max   int
	// lowest is the smallest max since the last block, told if resized.
	lowest  int
	resized bool
	// slots find an entry by its hash: the number + 1; once has hashes met before.
	slots [256]uint32
	once  [256]uint32
	// name and path are scratch.
	name, path []byte
}

type entry struct {
	hash        uint32
	name, value string
}

func (e *entry) size() int { return len(e.name) + len(e.value) + 32 }

var seed = maphash.MakeSeed()

// resize obeys the peer's SETTINGS_HEADER_TABLE_SIZE (RFC 7541 section 4.2).
func (e *encoder) resize(to uint32) {
	size := int(min(to, tableSize))
	if !e.resized {
		e.lowest = size
	}
	e.lowest = min(e.lowest, size)
	e.resized = e.resized || size != e.max
	e.max = size
	e.evict(e.lowest)
}

// begin starts a block: changes of the table's size come first. Where it was
// smaller in between, that is said as 0: Go's decoder takes a second change only
// with an empty table.
func (e *encoder) begin(b []byte) []byte {
	if !e.resized {
		return b
	}
	if e.lowest < e.max {
		e.evict(0)
		b = appendInt(b, 0x20, 5, 0)
	}
	b = appendInt(b, 0x20, 5, e.max)
	e.resized = false
	return b
}

// status appends :status.
func (e *encoder) status(b []byte, status int) []byte {
	for i, known := range [...]int{200, 204, 206, 304, 400, 404, 500} {
		if status == known {
			return append(b, 0x80|byte(8+i))
		}
	}
	var digits [3]byte
	strconv.AppendInt(digits[:0], int64(status), 10)
	return e.field(b, ":status", text(digits[:]))
}

// fields appends fields. Their names get lower-case and the white space around
// their values goes; what is about the connection is left out.
func (e *encoder) fields(b []byte, fields message.Fields) ([]byte, error) {
	for i := range fields {
		name, ok := e.lower(fields[i].Name)
		if !ok {
			return b, ErrField
		}
		value := fields[i].Value
		if !validValue(value) {
			if value = message.Trim(value); !validValue(value) {
				return b, ErrField
			}
		}
		if !connectionField(name, value) {
			b = e.field(b, name, value)
		}
	}
	return b, nil
}

// lower returns a name in lower case, good until the next call.
func (e *encoder) lower(name string) (string, bool) {
	lower := true
	for i := range len(name) {
		if !message.In(name[i], message.Token) {
			return "", false
		}
		lower = lower && message.In(name[i], message.LowerToken)
	}
	if lower {
		return name, name != ""
	}
	e.name = append(e.name[:0], name...)
	for i, c := range e.name {
		if 'A' <= c && c <= 'Z' {
			e.name[i] = c + 'a' - 'A'
		}
	}
	return text(e.name), true
}

// connectionField says whether a field would make a message malformed (RFC 9113
// section 8.2.2).
func connectionField(name, value string) bool {
	switch name {
	case "connection", "proxy-connection", "keep-alive", "transfer-encoding", "upgrade":
		return true
	case "te":
		return !message.EqualFold(value, "trailers")
	}
	return false
}

// field appends one field, whose name is in lower case.
func (e *encoder) field(b []byte, name, value string) []byte {
	static := staticNames[name]
	for i := static; i > 0 && int(i) <= len(statics) && statics[i-1].Name == name; i++ {
		if statics[i-1].Value == value {
			return append(b, 0x80|i)
		}
	}
	if secret(name) {
		return literal(b, 0x10, 4, int(static), name, value)
	}
	hash := uint32(maphash.String(seed, name))*31 + uint32(maphash.String(seed, value))
	slot := &e.slots[hash%256]
	if n := *slot; n > e.first && n <= e.next {
		if f := &e.entries[(n-1)%uint32(len(e.entries))]; f.hash == hash && f.name == name && f.value == value {
			return appendInt(b, 0x80, 7, len(statics)+int(e.next-n)+1)
		}
	}
	if once := &e.once[hash%256]; *once != hash || len(name)+len(value)+32 > e.max/4 {
		*once = hash
		return literal(b, 0, 4, int(static), name, value)
	}
	b = literal(b, 0x40, 6, int(static), name, value)
	e.insert(hash, name, value)
	*slot = e.next
	return b
}

// text lends bytes as a string, which is good as long as they are.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// secret says whether a field is never put into a table, here or further on
// (RFC 7541 section 7.1.3).
func secret(name string) bool {
	switch name {
	case "authorization", "proxy-authorization", "cookie", "set-cookie":
		return true
	}
	return false
}

// insert adds an entry, which fits. Its strings are copies.
func (e *encoder) insert(hash uint32, name, value string) {
	if i := staticNames[name]; i > 0 {
		name = statics[i-1].Name
	} else {
		name = strings.Clone(name)
	}
	f := entry{hash, name, strings.Clone(value)}
	e.evict(e.max - f.size())
	e.entries[e.next%uint32(len(e.entries))] = f
	e.size += f.size()
	e.next++
}

// evict removes the oldest entries until the rest is no larger than size.
func (e *encoder) evict(size int) {
	for e.size > size {
		f := &e.entries[e.first%uint32(len(e.entries))]
		e.size -= f.size()
		*f = entry{}
		e.first++
	}
}

// literal appends a literal field (RFC 7541 section 6.2) of the kind that the
// bits of form above its prefix say; index is its name's, 0 for none.
func literal(b []byte, form byte, prefix, index int, name, value string) []byte {
	b = appendInt(b, form, prefix, index)
	if index == 0 {
		b = appendText(b, name)
	}
	return appendText(b, value)
}

// appendText appends a string, by Huffman's code where that pays.
func appendText(b []byte, s string) []byte {
	if len(s) > 4 {
		if n := int(hpack.HuffmanEncodeLength(s)); n < len(s) {
			return hpack.AppendHuffmanString(appendInt(b, 0x80, 7, n), s)
		}
	}
	return append(appendInt(b, 0, 7, len(s)), s...)
}

// appendInt appends an integer (RFC 7541 section 5.1).
func appendInt(b []byte, form byte, prefix, n int) []byte {
	limit := 1<<prefix - 1
	if n < limit {
		return append(b, form|byte(n))
	}
	b = append(b, form|byte(limit))
	for n -= limit; n >= 0x80; n >>= 7 {
		b = append(b, byte(n)|0x80)
	}
	return append(b, byte(n))
}

// forget empties the table, here and at the peer, after a block that was begun
// and not sent.
func (e *encoder) forget() {
	e.evict(0)
	e.lowest, e.resized = 0, true
}
