package http1

// classes of bytes, as bits.
const (
	isToken  = 1 << iota // tchar (RFC 9110 section 5.6.2)
	isValue              // a byte of a field's value: visible, obs-text, space, tab (5.5)
	isTarget             // a byte of a request target: visible ASCII (RFC 9112 3.2)
	isHost               // a byte of a host and port (RFC 3986 section 3.2)
)

var class = makeClasses()

func makeClasses() (c [256]uint8) {
	for b := range 256 {
		alnum := b >= '0' && b <= '9' || b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z'
		if alnum || contains("!#$%&'*+-.^_`|~", b) {
			c[b] |= isToken
		}
		if b >= 0x21 && b != 0x7f || b == ' ' || b == '\t' {
			c[b] |= isValue
		}
		if b >= 0x21 && b <= 0x7e {
			c[b] |= isTarget
		}
		if alnum || contains("-._~!$&'()*+,;=:[]%", b) {
			c[b] |= isHost
		}
	}
	return c
}

func contains(s string, b int) bool {
	for i := range len(s) {
		if int(s[i]) == b {
			return true
		}
	}
	return false
}

// all says whether every byte of s is of a class.
func all(s []byte, of uint8) bool {
	for _, b := range s {
		if class[b]&of == 0 {
			return false
		}
	}
	return true
}

// trim removes optional white space (OWS, RFC 9110 section 5.6.3).
func trim(s []byte) []byte {
	for len(s) > 0 && (s[0] == ' ' || s[0] == '\t') {
		s = s[1:]
	}
	for len(s) > 0 && (s[len(s)-1] == ' ' || s[len(s)-1] == '\t') {
		s = s[:len(s)-1]
	}
	return s
}

// equalFold compares with a name in lower case, by ASCII.
func equalFold(s []byte, lower string) bool {
	if len(s) != len(lower) {
		return false
	}
	for i, b := range s {
		if b >= 'A' && b <= 'Z' {
			b += 'a' - 'A'
		}
		if b != lower[i] {
			return false
		}
	}
	return true
}
