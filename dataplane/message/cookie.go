package message

import "strings"

// Cookie returns the value of the first cookie of a name (RFC 6265 section 4.2),
// as it was sent, or "".
func (f Fields) Cookie(name string) string {
	var first string
	f.EachCookie(name, func(value string) bool {
		first = value
		return false
	})
	return first
}

// EachCookie calls yield with the value of every cookie of a name, until it
// returns false. Over HTTP/2 a client may send several fields (RFC 9113 section
// 8.2.3).
func (f Fields) EachCookie(name string, yield func(value string) bool) {
	for i := range f {
		if f[i].Is("Cookie") && !eachPair(f[i].Value, name, yield) {
			return
		}
	}
}

func eachPair(list, name string, yield func(value string) bool) bool {
	for list != "" {
		var pair string
		pair, list, _ = strings.Cut(list, ";")
		key, value, ok := strings.Cut(Trim(pair), "=")
		if ok && key == name && !yield(unquoted(value)) {
			return false
		}
	}
	return true
}

// unquoted removes the quotes that may stand around a cookie's value.
func unquoted(value string) string {
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		return value[1 : n-1]
	}
	return value
}
