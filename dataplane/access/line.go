package access

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// line is a JSON object that grows: exactly what encoding/json makes of a Record,
// but by appending.
type line []byte

// record appends all of r. It panics where encoding/json fails: at a time or a
// duration that is none.
func (l line) record(r *Record) line {
	l = append(l, `{"time":`...).time(r)
	l = l.some(`,"request_id":`, r.RequestID)
	l = append(l, `,"listener":`...).text(r.Listener)
	l = append(l, `,"client":`...).text(r.Client)
	l = l.some(`,"method":`, r.Method)
	l = append(l, `,"host":`...).text(r.Host)
	l = l.some(`,"path":`, r.Path)
	l = l.some(`,"protocol":`, r.Protocol)
	l = l.positive(`,"status":`, r.Status)
	l = append(l, `,"duration":`...).number(r.Duration)
	l = strconv.AppendInt(append(l, `,"bytes_in":`...), r.BytesIn, 10)
	l = strconv.AppendInt(append(l, `,"bytes_out":`...), r.BytesOut, 10)
	l = l.some(`,"route":`, r.Route)
	l = l.some(`,"rule":`, r.Rule)
	l = l.some(`,"backend":`, r.Backend)
	l = l.some(`,"endpoint":`, r.Endpoint)
	l = l.positive(`,"tries":`, r.Tries)
	l = l.some(`,"error":`, r.Error)
	return append(l, '}')
}

// time appends the time as RFC 3339 has it.
func (l line) time(r *Record) line {
	b, err := r.Time.AppendText(append(l, '"'))
	if err != nil {
		panic("access: " + err.Error())
	}
	return append(b, '"')
}

// some appends a member whose text is not empty.
func (l line) some(name, text string) line {
	if text == "" {
		return l
	}
	return append(l, name...).text(text)
}

// positive appends a member whose number is not 0.
func (l line) positive(name string, n int) line {
	if n == 0 {
		return l
	}
	return strconv.AppendInt(append(l, name...), int64(n), 10)
}

// number appends a number as ECMAScript writes it, which is without an exponent
// from 1e-6 up to 1e21.
func (l line) number(f float64) line {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		panic("access: the duration is " + strconv.FormatFloat(f, 'g', -1, 64))
	}
	if size := math.Abs(f); size == 0 || size >= 1e-6 && size < 1e21 {
		return strconv.AppendFloat(l, f, 'f', -1, 64)
	}
	l = strconv.AppendFloat(l, f, 'e', -1, 64)
	if n := len(l); string(l[n-4:n-1]) == "e-0" {
		l[n-2] = l[n-1]
		l = l[:n-1]
	}
	return l
}

// text appends a string in quotes (RFC 8259 section 7). What is not UTF-8 becomes
// U+FFFD.
func (l line) text(s string) line {
	l = append(l, '"')
	plain := 0 // s from here on is to be appended as it is
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf && stands[s[i]] {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if mustEscape(r, size) {
			l = append(l, s[plain:i]...).escaped(r)
			plain = i + size
		}
		i += size
	}
	return append(append(l, s[plain:]...), '"')
}

// stands says which characters of ASCII need no escape: not those of JSON
// itself, and not those that a browser could take for HTML.
var stands = func() (stands [utf8.RuneSelf]bool) {
	for c := range stands {
		stands[c] = c >= ' ' && !strings.ContainsRune(`"\<>&`, rune(c))
	}
	return stands
}()

// mustEscape says so of all that does not stand: beside that of ASCII, what a
// browser could take for the end of a line, and what is not UTF-8.
func mustEscape(r rune, size int) bool {
	return r < utf8.RuneSelf || r == '\u2028' || r == '\u2029' || r == utf8.RuneError && size == 1
}

// escaped appends the escape of a character, which is the short one where
// there is one.
func (l line) escaped(r rune) line {
	switch r {
	case '"', '\\':
		return append(l, '\\', byte(r))
	case '\b':
		return append(l, `\b`...)
	case '\f':
		return append(l, `\f`...)
	case '\n':
		return append(l, `\n`...)
	case '\r':
		return append(l, `\r`...)
	case '\t':
		return append(l, `\t`...)
	}
	const hex = "0123456789abcdef"
	return append(l, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
